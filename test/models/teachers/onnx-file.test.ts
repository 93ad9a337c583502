import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { onnxKind } from '../../../src/models/teachers/onnx.ts';
import { outputsToAppend, readOnnxFacts } from '../../../src/models/teachers/onnx-file.ts';
import {
  integersIn,
  integersOf,
  MalformedProtobuf,
  parseFields,
  readFields,
} from '../../../src/models/teachers/protobuf.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { fixtures } from './open.ts';

const tables = join(fixtures, '../table-teachers');

/** Cuts bytes into chunks, as a stream of a store has them. */
function streamOf(bytes: Uint8Array, chunkBytes: number): Readable {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    chunks.push(bytes.subarray(at, at + chunkBytes));
  }
  return Readable.from(chunks, { objectMode: false });
}

/** Encodes a field of bytes. */
function field(number: number, body: Uint8Array | string): Buffer {
  const bytes = Buffer.from(body);
  if (bytes.length > 127) throw new Error('too long for the test');
  const tag = number * 8 + 2;
  const head = tag < 128 ? [tag] : [(tag % 128) + 128, tag >> 7];
  return Buffer.concat([Buffer.from([...head, bytes.length]), bytes]);
}

/** Encodes an int64. */
function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left >= 128n; left >>= 7n) bytes.push(Number(left & 127n) + 128);
  return [...bytes, Number(left)];
}

/** Encodes a tensor with weights in a file. */
function external(location: string): Buffer {
  const entry = Buffer.concat([field(1, 'location'), field(2, location)]);
  return field(13, entry);
}

describe('facts of an ONNX file', () => {
  test.each([1, 7, 1_000_000])('are read in chunks of %i bytes', async (chunkBytes) => {
    const bytes = await readFile(join(tables, 'pipeline-zipmap.onnx'));
    expect(await readOnnxFacts(streamOf(bytes, chunkBytes))).toEqual({
      externalData: [],
      inputs: [
        { name: 'height', dtype: 'float32', shape: [undefined, 1] },
        { name: 'age', dtype: 'float32', shape: [undefined, 1] },
        { name: 'town', dtype: 'string', shape: [undefined, 1] },
      ],
      outputs: [
        { name: 'output_label', dtype: 'string', shape: [undefined] },
        { name: 'output_probability', dtype: 'map', shape: undefined },
      ],
      zipped: ['probabilities'],
      classLabels: ['high', 'low', 'mid'],
    });
  });

  test('include weights of initializers, attributes, subgraphs and functions', async () => {
    const branch = field(6, field(5, external('c/branch.bin')));
    const graph = Buffer.concat([
      field(5, external('weights.bin')),
      field(5, external('weights.bin')),
      field(1, field(5, field(5, external('constant.bin')))),
      field(1, field(5, branch)),
    ]);
    const model = Buffer.concat([
      field(7, graph),
      field(25, field(7, field(5, field(5, external('function.bin'))))),
    ]);
    const { externalData } = await readOnnxFacts(streamOf(model, 3));
    expect(externalData).toEqual(['weights.bin', 'constant.bin', 'c/branch.bin', 'function.bin']);
  });

  test('have the signs of class labels and of open sizes', async () => {
    const labels = [-1, 1].map((label) => Buffer.from([8 * 8, ...varint(label)]));
    const classifier = Buffer.concat([
      ...[field(4, 'LinearClassifier'), field(7, 'ai.onnx.ml')],
      field(5, Buffer.concat([field(1, 'classlabels_ints'), ...labels])),
    ]);
    const size = (value: number) => field(1, Buffer.from([8, ...varint(value)]));
    const shape = field(2, Buffer.concat([size(-1), size(3)]));
    const type = field(1, Buffer.concat([Buffer.from([8, 1]), shape]));
    const input = field(11, Buffer.concat([field(1, 'x'), field(2, type)]));
    const model = field(7, Buffer.concat([field(1, classifier), input]));
    const { classLabels, inputs } = await readOnnxFacts(streamOf(model, 7));
    expect(classLabels).toEqual(['-1', '1']);
    expect(inputs).toEqual([{ name: 'x', dtype: 'float32', shape: [undefined, 3] }]);
  });

  test('are empty for a damaged file', async () => {
    const whole = await readFile(join(tables, 'pipeline.onnx'));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: whole.length - 1 }), async (length) => {
        const { externalData } = await readOnnxFacts(streamOf(whole.subarray(0, length), 100));
        expect(externalData).toEqual([]);
      }),
      { numRuns: 30 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await readOnnxFacts(streamOf(bytes, 50));
      }),
    );
  });

  test('can be added to: an output that is appended is one more of the graph', async () => {
    const bytes = Buffer.concat([field(7, field(12, field(1, 'y'))), outputsToAppend(['p', 'q'])]);
    const names: string[] = [];
    for await (const { value } of readFields(streamOf(bytes, 9), { 7: { 12: { 1: 'value' } } })) {
      names.push(Buffer.from(value as Uint8Array).toString());
    }
    expect(names).toEqual(['y', 'p', 'q']);
  });
});

test('a message in memory has its fields by number', () => {
  const bytes = Buffer.concat([Buffer.from([8, 150, 1]), field(2, 'a'), field(2, 'b')]);
  const fields = parseFields(bytes);
  expect(fields.get(1)).toEqual([150]);
  expect(fields.get(2)!.map((value) => Buffer.from(value as Uint8Array).toString())).toEqual([
    'a',
    'b',
  ]);
  expect(() => parseFields(bytes.subarray(0, -1))).toThrow(MalformedProtobuf);
});

test('integers are read with their sign, packed or not', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (integers) => {
      const alone = Buffer.concat(integers.map((value) => Buffer.from([8, ...varint(value)])));
      const packed = integers.flatMap(varint);
      const numbers = integers.map(Number);
      expect(integersIn(parseFields(alone), 1)).toEqual(numbers);
      expect(integersOf(Uint8Array.from(packed))).toEqual(numbers);
      if (packed.length > 0) {
        const cut = Uint8Array.from([...packed.slice(0, -1), 128]);
        expect(() => integersOf(cut)).toThrow(MalformedProtobuf);
      }
    }),
  );
});

describe('the files of an ONNX teacher', () => {
  const model = (location: string) => field(7, field(5, external(location)));

  test('are the model and all files that it names, wherever they are in its folder', async () => {
    const store = new MemoryStore({
      'teacher/m.onnx': field(
        7,
        Buffer.concat([field(5, external('b/w1')), field(5, external('./w2'))]),
      ),
      'teacher/b/w1': '1',
      'teacher/w2': '2',
      'teacher/other': '3',
    });
    const files = await onnxKind.find(store, 'teacher/m.onnx');
    expect(files.map(({ path, object }) => [path, object.key])).toEqual([
      ['m.onnx', 'teacher/m.onnx'],
      ['b/w1', 'teacher/b/w1'],
      ['w2', 'teacher/w2'],
    ]);
    const root = new MemoryStore({ 'm.onnx': model('w'), w: '1' });
    expect(await onnxKind.find(root, 'm.onnx')).toHaveLength(2);
  });

  test('a missing one is named', async () => {
    const store = new MemoryStore({ 'teacher/m.onnx': model('weights.bin') });
    await expect(onnxKind.find(store, 'teacher/m.onnx')).rejects.toThrow(
      "teacher.onnx: 'teacher/m.onnx': expected its weights teacher/weights.bin, which the model names, and there is no such file",
    );
  });

  test.each(['../secret', '/etc/passwd', 'a/../../secret', '..\\secret'])(
    'none outside its folder: %s',
    async (location) => {
      const store = new MemoryStore({ 'teacher/m.onnx': model(location), secret: '1' });
      await expect(onnxKind.find(store, 'teacher/m.onnx')).rejects.toMatchObject({
        name: 'UserError',
        message: expect.stringContaining("outside the model's folder"),
        hint: expect.stringContaining('save_as_external_data=True'),
      });
    },
  );

  test.each([
    ['teacher/m.keras', 'is a Keras file, which counterweight cannot read', '.export('],
    ['teacher/m.h5', 'is a Keras file', "load_model('teacher/m.h5')"],
    ['teacher/m.pt', 'is a PyTorch file', 'torch.onnx.export'],
    ['teacher/m.pkl', 'is a Python pickle', 'skl2onnx'],
  ])('%s is refused, with the way to export it', async (key, message, hint) => {
    await expect(onnxKind.find(new MemoryStore({ [key]: 'x' }), key)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });
});
