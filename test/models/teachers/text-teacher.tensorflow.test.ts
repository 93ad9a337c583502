import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Features } from '../../../src/data/features/index.ts';
import { openTeacher } from '../../../src/models/open-teacher.ts';
import { teacherDigest } from '../../../src/models/teacher-digest.ts';
import type { LoadedModel } from '../../../src/models/teachers/loaded-model.ts';
import { textTeacher } from '../../../src/models/teachers/text-teacher.ts';
import { FolderStore } from '../../../src/store/folder.ts';
import type { ObjectStore } from '../../../src/store/store.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { filesOf, fixtures, readExpected } from '../encoders/fixtures.ts';
import { teacherConfig } from './open.ts';

const features: Features = { kind: 'text', maxCharacters: 10_000 };
const names = ['model.onnx', 'tokenizer.json', 'config.json'];
let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'text-teacher-'));
});
afterAll(() => rm(scratch, { recursive: true }));

async function open(store: ObjectStore, onnx: string, classes: readonly string[], more = {}) {
  const config = teacherConfig({ onnx, output: 'logits', ...more });
  const digest = await teacherDigest(store, config, features, classes);
  const { teacher } = await openTeacher({ store, config, features, classes, digest, scratch });
  return teacher;
}

describe('a classifier of texts', () => {
  const softmax = (row: readonly number[]) => {
    const powers = row.map(Math.exp);
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  };

  test.each([
    ['text-classifier/', ['neutral', 'positive', 'negative'], [0, 1, 2]],
    ['text-classifier/model.onnx', ['negative', 'neutral', 'positive'], [2, 0, 1]],
    ['text-classifier', ['Positive', 'Negative', 'Neutral'], [1, 2, 0]],
  ])('%s answers %j as onnxruntime does', async (onnx, classes, order) => {
    const teacher = await open(new FolderStore(fixtures), onnx, classes);
    const { texts, logits } = await readExpected('text-classifier');
    const kept = (texts as string[]).flatMap((_, row) => (logits[row][0] === null ? [] : [row]));
    const rows = { n: kept.length, texts: kept.map((row) => texts[row] as string) };
    const { probabilities } = await teacher.predict({ ids: kept.map(String), rows });
    for (const [index, row] of kept.entries()) {
      const expected = softmax(logits[row]);
      for (const [column, from] of order.entries()) {
        expect(probabilities[index * 3 + column]).toBeCloseTo(expected[from]!, 5);
      }
    }
    teacher.dispose();
  });

  test.each([
    [['spam', 'ham', 'other'], {}, 'has the classes neutral, positive, negative (id2label'],
    [
      ['positive', 'neutral', 'negative'],
      { 'tokenizer.json': undefined },
      'there is no tokenizer.json beside it',
    ],
    [
      ['a', 'b'],
      { 'config.json': '{}' },
      "the output 'logits' of .* is .n, 3., and the task has 2",
    ],
    [['a', 'b', 'c'], { 'config.json': '{}', 'tokenizer.json': 'more' }, 'ids up to 14, and the'],
  ])('refused: %j %j', async (classes, changes, message) => {
    const files = await filesOf('text-classifier', names);
    const tokenizer = JSON.parse(String(files['tokenizer.json']));
    tokenizer.model.vocab.more = 14;
    const changed = Object.entries({ ...files, ...changes }).flatMap(([name, body]) => {
      if (body === undefined) return [];
      return [[name, body === 'more' ? JSON.stringify(tokenizer) : body]];
    });
    const store = new MemoryStore(Object.fromEntries(changed));
    await expect(open(store, 'model.onnx', classes)).rejects.toThrow(
      new RegExp(message.replace('(', '\\(')),
    );
  });

  test('counts texts that it cuts, and has no answer to a text without tokens', async () => {
    const files = await filesOf('text-classifier', names);
    const config = JSON.stringify({ model_max_length: 4 });
    const tokenizer = JSON.parse(String(files['tokenizer.json']));
    Object.assign(tokenizer, { post_processor: null });
    Object.assign(tokenizer.model, { unk_token: null });
    const store = new MemoryStore({
      ...files,
      'tokenizer.json': JSON.stringify(tokenizer),
      'tokenizer_config.json': config,
    });
    const teacher = await open(store, 'model.onnx', ['negative', 'neutral', 'positive']);
    const rows = { n: 3, texts: ['good film', 'good film was bad not good', '😀'] };
    const { probabilities, truncated } = await teacher.predict({ ids: ['a', 'b', 'c'], rows });
    expect(truncated).toBe(1);
    expect([0, 3, 6].map((first) => Number.isNaN(probabilities[first]))).toEqual([
      false,
      false,
      true,
    ]);
    teacher.dispose();
  });

  test('that was made for the end of long texts is refused', async () => {
    const files = await filesOf('text-classifier', names);
    const config = JSON.stringify({ model_max_length: 4, truncation_side: 'left' });
    const store = new MemoryStore({ ...files, 'tokenizer_config.json': config });
    await expect(open(store, 'model.onnx', ['negative', 'neutral', 'positive'])).rejects.toThrow(
      'the tokenizer_config.json of the ONNX model model.onnx does not cut long texts at their end',
    );
  });

  test('that reads fewer tokens than usual is refused when it is opened', async () => {
    const model: LoadedModel = {
      inputs: [{ name: 'input_ids', dtype: 'int64', shape: [undefined, undefined] }],
      outputs: [{ name: 'logits', dtype: 'float32', shape: [undefined, 3] }],
      run: () => Promise.reject(new Error('indices element out of data bounds')),
      dispose: () => {},
    };
    const opened = textTeacher(model, {
      ...{ ...teacherConfig({ onnx: 'x', output: 'logits' }), name: 'a model', features },
      ...{ classes: ['negative', 'neutral', 'positive'], onnx: undefined },
      folder: join(fixtures, 'text-classifier'),
    });
    await expect(opened).rejects.toMatchObject({
      message: 'a model fails on inputs of [1, 512]: indices element out of data bounds',
      hint: expect.stringContaining('tokenizer_config.json (model_max_length)'),
    });
  });

  test('without names of classes has the order of the task', async () => {
    const files = await filesOf('text-classifier', names);
    const config = JSON.stringify({ id2label: { 0: 'LABEL_0', 1: 'LABEL_1', 2: 'LABEL_2' } });
    const store = new MemoryStore({ ...files, 'config.json': config });
    const teacher = await open(store, 'model.onnx', ['x', 'y', 'z']);
    const rows = { n: 1, texts: ['good film'] };
    const { probabilities } = await teacher.predict({ ids: ['1'], rows });
    expect(probabilities.indexOf(Math.max(...probabilities))).toBe(1);
    teacher.dispose();
  });
});
