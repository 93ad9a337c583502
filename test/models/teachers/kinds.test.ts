import { readFile, rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { teacherSchema } from '../../../src/models/config.ts';
import { requireFile } from '../../../src/models/teachers/find-files.ts';
import { kindFields, teacherKindOf } from '../../../src/models/teachers/index.ts';
import { modelKind } from '../../../src/models/teachers/model-kind.ts';
import { suppliedKinds } from '../../../src/models/teachers/supplied.ts';
import type { TeacherSource } from '../../../src/models/teachers/teacher-kind.ts';
import { namesOf } from '../../../src/table.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { temporaryFolder, vector } from './open.ts';

describe('the table of teacher kinds', () => {
  test.each([
    ['teacher/model.onnx', '', { onnx: 'teacher/model.onnx' }],
    ['teacher/net/saved_model.pb', '', { savedModel: 'teacher/net' }],
    ['teacher/a.parquet', '', { predictions: 'teacher' }],
    ['teacher/model.json', '{"format":"graph-model"}', { graphModel: 'teacher/model.json' }],
    ['teacher/model.json', '{"format":"layers-model"}', { layersModel: 'teacher/model.json' }],
    ['teacher/model.json', '{}', { layersModel: 'teacher/model.json' }],
    ['teacher/README.md', '', {}],
  ])('%s with %j is recognized as %j', async (key, text, expected) => {
    const store = new MemoryStore({ [key]: text });
    const found: [string, string][] = [];
    for (const kind of suppliedKinds) {
      const path = await kind.recognize(store, key);
      if (path !== undefined) found.push([kind.name, path]);
    }
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  test('gives the section `teacher` a field per kind, of which exactly one is set', () => {
    for (const { name } of suppliedKinds) {
      expect(namesOf(kindFields)).toContain(name);
      const config = teacherSchema.parse({ [name]: 'teacher/file' });
      expect(teacherKindOf(config)?.name).toBe(name);
      expect(() => teacherSchema.parse({ [name]: 'a', train: { architecture: 'mlp' } })).toThrow(
        'expected exactly one of train, onnx,',
      );
    }
    expect(teacherKindOf({})).toBeUndefined();
    expect(() => teacherSchema.parse({})).toThrow('expected exactly one of');
  });
});

const weightsSchema = z.strictObject({ weights: z.array(z.array(z.number())) });

/** A kind that is not in the table: logits that are linear in the features, from a JSON file. */
const linearKind = modelKind({
  name: 'linear',
  description: 'A JSON of linear weights, one list per class.',
  noun: 'the linear model',
  find: async (store, key) => [
    await requireFile(store, key, `teacher.linear: '${key}'`, 'a JSON of weights'),
  ],
  async load({ path }) {
    const { weights } = weightsSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    const inputs = weights[0]!.length;
    const classes = weights.length;
    return {
      inputs: [{ name: 'x', dtype: 'float32', shape: [undefined, inputs] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: [undefined, classes] }],
      async run([input]) {
        const values = input!.values as Float32Array;
        const [n = 0] = input!.shape;
        const logits = new Float32Array(n * classes);
        for (let row = 0; row < n; row++) {
          for (const [index, list] of weights.entries()) {
            for (const [column, weight] of list.entries()) {
              logits[row * classes + index]! += weight * values[row * inputs + column]!;
            }
          }
        }
        return [{ shape: [n, classes], values: logits }];
      },
      dispose() {},
    };
  },
  recognize: async (_, key) => (key.endsWith('.linear.json') ? key : undefined),
});

describe('a kind is a name, a way to find its files and a loader', () => {
  let scratch: string;
  beforeEach(async () => {
    scratch = await temporaryFolder();
  });
  afterEach(() => rm(scratch, { recursive: true }));

  async function source(text: string): Promise<TeacherSource> {
    const store = new MemoryStore({ 'teacher/a.linear.json': text });
    const key = 'teacher/a.linear.json';
    return {
      store,
      key,
      name: `${linearKind.noun} ${key}`,
      files: await linearKind.find(store, key),
      config: { output: 'logits', batchSize: 8 },
      features: vector(2),
      classes: ['a', 'b', 'c'],
      digest: 'd',
      scratch,
      verify: () => {},
    };
  }

  test('which make a teacher', async () => {
    const teacher = await linearKind.open(await source('{"weights":[[1,0],[0,1],[0,0]]}'));
    const { probabilities } = await teacher.predict({
      ids: ['a', 'b'],
      rows: { n: 2, values: Float32Array.of(Math.log(2), 0, 0, Math.log(6)) },
    });
    expect([...probabilities].map((p) => p.toFixed(3)).join(' ')).toBe(
      '0.500 0.250 0.250 0.125 0.750 0.125',
    );
    teacher.dispose();
  });

  test('which explain a file that does not load', async () => {
    await expect(linearKind.open(await source('{"weights":1}'))).rejects.toThrow(
      'the linear model teacher/a.linear.json cannot be loaded',
    );
  });

  test('and a size, by default from the bytes', async () => {
    const found = await source('x'.repeat(40));
    expect(linearKind.size({ ...found, shape: [2] })).toEqual({
      macs: 10,
      kernels: 1,
      outputs: 0,
      parameters: 10,
    });
  });
});
