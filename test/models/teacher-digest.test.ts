import { appendFile, cp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Features } from '../../src/data/features/index.ts';
import type { TeacherConfig } from '../../src/models/config.ts';
import { teacherDigest } from '../../src/models/teacher-digest.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { fixtures, grey, teacherConfig, temporaryFolder } from './teachers/open.ts';

let dataset: string;
beforeEach(async () => {
  dataset = await temporaryFolder();
  await cp(join(fixtures, 'layers-model'), join(dataset, 'teacher'), { recursive: true });
});
afterEach(() => rm(dataset, { recursive: true }));

const model = { layersModel: 'teacher/model.json' };
const names = ['0', '1', '2'];
const digest = (fields: Partial<TeacherConfig> = {}, features = grey()) =>
  teacherDigest(new FolderStore(dataset), teacherConfig({ ...model, ...fields }), features, names);

describe('what changes the answers changes the digest', () => {
  test.each([
    { output: 'logits' },
    { output: 'sigmoid' },
    { layout: 'NCHW' },
    { outputName: 'classes' },
    { embeddingName: 'classes' },
    { size: [16, 16] },
    { mean: [0.1] },
    { std: [0.1] },
    { preprocess: {} },
    { preprocess: { resize: { filter: 'nearest' } } },
  ] satisfies Partial<TeacherConfig>[])('%o', async (fields) => {
    expect(await digest(fields)).not.toBe(await digest());
  });
  test('the bytes of any file', async () => {
    const before = await digest();
    await appendFile(join(dataset, 'teacher', 'group1-shard2of2.bin'), '\0');
    expect(await digest()).not.toBe(before);
  });
  test('the size of the task, where the teacher has none of its own', async () => {
    expect(await digest({}, grey(16))).not.toBe(await digest({}, grey(8)));
    const size: [number, number] = [8, 8];
    expect(await digest({ size }, grey(16))).toBe(await digest({ size }, grey(8)));
  });
});

describe('the order of the classes', () => {
  const ofClasses = (fields: Partial<TeacherConfig>, features: Features, classes: string[]) =>
    teacherDigest(new FolderStore(dataset), teacherConfig(fields), features, classes);

  test('changes the digest of a classifier of texts, whose answers follow it', async () => {
    await cp(join(fixtures, '../encoders/text-classifier'), join(dataset, 'texts'), {
      recursive: true,
    });
    const texts: Features = { kind: 'text', maxCharacters: 100 };
    const digests = [
      ['no', 'yes'],
      ['yes', 'no'],
    ].map((classes) => ofClasses({ onnx: 'texts' }, texts, classes));
    expect(new Set(await Promise.all(digests)).size).toBe(2);
  });
  test('does not change the digest of other models, which answer in their own order', async () => {
    expect(await ofClasses(model, grey(), ['2', '1', '0'])).toBe(await digest());
  });
});

test('what does not change the answers does not change the digest', async () => {
  const before = await digest();
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  expect(await digest({ batchSize: 1 })).toBe(before);
  expect(await digest({ size: [8, 8], mean: [0], std: [1] })).toBe(before);
  await writeFile(join(dataset, 'teacher', 'README.md'), 'not part of the model');
  expect(await digest()).toBe(before);
  await rename(join(dataset, 'teacher'), join(dataset, 'moved'));
  expect(await digest({ layersModel: 'moved/model.json' })).toBe(before);
});

test.each([
  ['graph-model', { graphModel: 'model.json' }, 'b6c81bf378271ed7'],
  ['layers-model', { layersModel: 'model.json' }, '23db614905f9f1b8'],
  ['onnx-nhwc-external-data', { onnx: 'model.onnx' }, '311b055ecebcf639'],
  ['saved-model-keras', { savedModel: 'model' }, '603982436cd7405c'],
  ['predictions', { predictions: 'answers', output: 'logits' }, 'b8c499db4faecfa1'],
] satisfies [string, Partial<TeacherConfig>, string][])(
  'the digest of %s is the key of labels that earlier versions made',
  async (fixture, config, expected) => {
    const store = new FolderStore(join(fixtures, fixture));
    const found = await teacherDigest(store, teacherConfig(config), grey(), names);
    expect(found.slice(0, 16)).toBe(expected);
  },
);
