/**
 * ONNX files of about 2 MB with very many parts, which strangers can write: the time to read one
 * must grow with its size, not with its square.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Body, expandedNodes } from '../../src/models/allowed/budget.ts';
import { checkOnnx } from '../../src/models/allowed/check-onnx.ts';
import { penultimate } from '../../src/models/encoders/model-graph.ts';
import { readOnnxGraph, tableRows } from '../../src/models/encoders/onnx-graph.ts';
import { bytesField, integerField } from '../../src/models/protobuf-write.ts';
import { readOnnxFacts } from '../../src/models/teachers/onnx-file.ts';
import {
  graphAttribute,
  int64Tensor,
  type OnnxGraph,
  onnxFunction,
  onnxGraph,
  onnxModel,
  onnxNode,
  onnxPort,
} from '../support/hostile-models.ts';

const count = 30_000;
/** Reading takes a second; with the square of the parts, more than a minute. */
const limitMs = 40_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'counterweight-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

const many = <Part>(part: (index: number) => Part, times = count) =>
  Array.from({ length: times }, (_, index) => part(index));

async function check(graph: OnnxGraph, functions: readonly Buffer[] = []): Promise<void> {
  const path = join(folder, 'model.onnx');
  await writeFile(path, onnxModel(graph, functions));
  await checkOnnx(path, 'a.onnx');
}

const relu = onnxNode({ operator: 'Relu', inputs: ['x'] });
const own = (name: string) => onnxNode({ operator: name, domain: 'own', inputs: ['x'] });

test('constants of one name', { timeout: limitMs }, async () => {
  const weights = [
    ...many(() => int64Tensor('n', [1], [3]), 2 * count),
    int64Tensor('n', [1], [9]),
  ];
  await check({ nodes: [relu], weights });
  const expands = many(() => onnxNode({ operator: 'Expand', inputs: ['x', 'n'] }));
  await check({ nodes: expands, weights });
  const loops = many(() => onnxNode({ operator: 'Loop', inputs: ['n'] }));
  await check({ nodes: loops, weights });
});

test('the largest of some constants of one name counts', async () => {
  const weights = [3, 20_000, 4].map((value) => int64Tensor('n', [1], [value]));
  const loop = onnxNode({ operator: 'Loop', inputs: ['n'] });
  await expect(check({ nodes: [loop], weights })).rejects.toThrow('with 20000 iterations');
  const shapes = [[2 ** 29], [2, 3]].map((shape) => int64Tensor('n', [1], shape));
  const expand = onnxNode({ operator: 'Expand', inputs: ['x', 'n'] });
  await expect(check({ nodes: [expand], weights: shapes })).rejects.toThrow('536870912 numbers');
});

test('functions that call the next one', { timeout: limitMs }, async () => {
  const functions = many((index) => onnxFunction(`f${index}`, [own(`f${index + 1}`)]));
  await check({ nodes: [own('f0')] }, [...functions, onnxFunction(`f${count}`, [relu])]);
});

test('functions that call each other many times', { timeout: limitMs }, () => {
  const calls = many(() => 'g');
  const functions = new Map<string, Body>([
    ['g', { nodes: 1, calls: many(() => 'h') }],
    ['h', { nodes: 2, calls: [] }],
  ]);
  for (let index = 0; index < count; index++)
    functions.set(`f${index}`, { nodes: 0, calls: ['g'] });
  expect(expandedNodes({ nodes: 0, calls }, functions)).toBe(count * (1 + count * 2));
});

test('ZipMaps and outputs', { timeout: limitMs }, async () => {
  const nodes = many((index) => onnxNode({ operator: 'ZipMap', inputs: [`z${index}`] }), 2 * count);
  const outputs = many((index) => onnxPort(`o${index}`, [1]), 2 * count);
  const { zipped } = await readOnnxFacts(Readable.from([onnxModel({ nodes, outputs })]));
  expect(zipped.length).toBe(2 * count);
});

test('graphs inside graphs', async () => {
  let node = relu;
  for (let depth = 0; depth < 8000; depth++) {
    const attributes = [graphAttribute('then_branch', onnxGraph({ nodes: [node] }))];
    node = onnxNode({ operator: 'If', attributes });
  }
  const { outputs } = await readOnnxFacts(
    Readable.from([onnxModel({ nodes: [node], outputs: [onnxPort('y', [1])] })]),
  );
  // As of a damaged file: the check refuses it before onnxruntime reads it.
  expect(outputs).toEqual([]);
  await expect(check({ nodes: [node] })).rejects.toThrow('graphs are nested too deeply');
});

test('axes of a tensor', { timeout: limitMs }, async () => {
  const axis = integerField(1, 1);
  const tensor = Buffer.concat([Buffer.alloc(axis.length * 8 * count, axis), bytesField(8, 'w')]);
  const graph = await readOnnxGraph(Readable.from([onnxModel({ nodes: [], weights: [tensor] })]));
  expect(graph?.weights.get('w')?.length).toBe(8 * count);
});

test('nodes at the end of a long chain', { timeout: limitMs }, async () => {
  const chain = (operator: string) =>
    many((index) =>
      onnxNode({
        operator,
        inputs: [index === 0 ? 'input_ids' : `${operator}${index - 1}`],
        outputs: [`${operator}${index}`],
      }),
    );
  const end = (operator: string) => `${operator}${count - 1}`;
  const gathers = many(() =>
    onnxNode({ operator: 'Gather', inputs: ['table', end('Identity')], outputs: ['g'] }),
  );
  const products = many((index) =>
    onnxNode({ operator: 'MatMul', inputs: [end('QuantizeLinear')], outputs: [`m${index}`] }),
  );
  const sum = onnxNode({ operator: 'Add', inputs: many((index) => `m${index}`), outputs: ['y'] });
  const nodes = [...chain('Identity'), ...gathers, ...chain('QuantizeLinear'), ...products, sum];
  const graph = await readOnnxGraph(Readable.from([onnxModel({ nodes })]));
  expect(graph && tableRows(graph, 'input_ids')).toBeUndefined();
  expect(graph && penultimate(graph, 'y')).toBeUndefined();
});
