import { appendFile, cp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TeacherConfig } from '../../src/models/config.ts';
import { openTeacher } from '../../src/models/open-teacher.ts';
import { teacherDigest } from '../../src/models/teacher-digest.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { blank, fixtures, grey, teacherConfig, temporaryFolder } from './teachers/open.ts';

let scratch: string;
let dataset: string;
beforeEach(async () => {
  scratch = await temporaryFolder();
  dataset = await temporaryFolder();
  await cp(join(fixtures, 'layers-model'), join(dataset, 'teacher'), { recursive: true });
});
afterEach(async () => {
  await rm(scratch, { recursive: true });
  await rm(dataset, { recursive: true });
});

const model = { layersModel: 'teacher/model.json' };
const digest = (fields: Partial<TeacherConfig> = {}, features = grey()) =>
  teacherDigest(new FolderStore(dataset), teacherConfig({ ...model, ...fields }), features);

describe('what changes the answers changes the digest', () => {
  test.each([
    { output: 'logits' },
    { outputName: 'classes' },
    { embeddingName: 'classes' },
    { size: [16, 16] },
    { mean: [0.1] },
    { std: [0.1] },
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

describe('a teacher is pinned', () => {
  const opened = async (pinned: string) => {
    const { teacher, features } = await openTeacher({
      store: new FolderStore(dataset),
      config: teacherConfig(model),
      features: grey(),
      classes: 3,
      digest: pinned,
      scratch,
    });
    const { probabilities } = await teacher.predict(blank(1, features));
    teacher.dispose();
    return [...probabilities];
  };
  const replaceWeights = () =>
    writeFile(join(dataset, 'teacher', 'group1-shard1of2.bin'), new Uint8Array(950));

  test('one that changed since is not run', async () => {
    const pinned = await digest();
    await replaceWeights();
    await expect(opened(pinned)).rejects.toThrow('is not what it was when the run was planned');
    expect(await readdir(scratch)).toEqual([]);
  });
  test('a copy of the pinned one is used, and made again when it was changed', async () => {
    const pinned = await digest();
    const answer = await opened(pinned);
    const copy = join(scratch, `teacher-${pinned}`);
    await writeFile(join(copy, 'group1-shard1of2.bin'), new Uint8Array(950));
    expect(await opened(pinned)).toEqual(answer);
    await rm(join(copy, 'model.json'));
    expect(await opened(pinned)).toEqual(answer);
    await replaceWeights();
    expect(await opened(pinned)).toEqual(answer);
  });
});
