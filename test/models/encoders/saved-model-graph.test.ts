import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { operatorOf } from '../../../src/models/encoders/model-graph.ts';
import { readSavedModelGraph } from '../../../src/models/encoders/saved-model-graph.ts';
import { bytesField } from '../../../src/models/protobuf-write.ts';
import { functionAttribute, savedModelFile, tensorflowNode } from '../../support/hostile-models.ts';

/** A model that calls a function, whose results are all the same tensor. */
function calling(times: number, results: number): Buffer {
  const names = Array.from({ length: results }, (_, index) => `result${index}`);
  const signature = [
    bytesField(1, 'f'),
    ...names.map((name) => bytesField(3, bytesField(1, name))),
  ];
  const body = Buffer.concat([
    bytesField(1, Buffer.concat(signature)),
    bytesField(3, tensorflowNode('scores', 'Softmax', ['x'])),
    ...names.map((name) =>
      bytesField(4, Buffer.concat([bytesField(1, name), bytesField(2, 'scores:softmax:0')])),
    ),
  ]);
  const call = (_: unknown, index: number) =>
    tensorflowNode(`call${index}`, 'PartitionedCall', ['x'], [functionAttribute('f', 'f')]);
  return savedModelFile({
    nodes: Array.from({ length: times }, call),
    functions: [body],
    signatures: { serving_default: [['y', `call0:${results - 1}`]] },
  });
}

const read = (file: Buffer) => readSavedModelGraph(Readable.from([file]));

test('an output of a function is that of a node inside', async () => {
  const graph = await read(calling(2, 3));
  expect(graph && operatorOf(graph, 'y')).toBe('Softmax');
});

test('calls with very many results are not followed', async () => {
  expect(await read(calling(20_000, 20_000))).toBeUndefined();
});
