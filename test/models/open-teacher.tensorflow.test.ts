import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTeacher } from '../../src/models/open-teacher.ts';
import { teacherDigest } from '../../src/models/teacher-digest.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { blank, colour, fixtures, grey, teacherConfig, temporaryFolder } from './teachers/open.ts';

const config = teacherConfig({ layersModel: 'teacher/model.json' });
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

describe('a teacher is pinned', () => {
  const opened = async (pinned: string) => {
    const { teacher, features } = await openTeacher({
      store: new FolderStore(dataset),
      config,
      features: grey(),
      classes: ['a', 'b', 'c'],
      digest: pinned,
      scratch,
    });
    const { probabilities } = await teacher.predict(blank(1, features));
    teacher.dispose();
    return [...probabilities];
  };
  const replaceWeights = () =>
    writeFile(join(dataset, 'teacher', 'group1-shard1of2.bin'), new Uint8Array(950));

  test('a teacher that has changed is not loaded', async () => {
    const pinned = await teacherDigest(new FolderStore(dataset), config, grey(), []);
    await replaceWeights();
    await expect(opened(pinned)).rejects.toThrow('has changed since the run was planned');
    expect(await readdir(scratch)).toEqual([]);
  });
  test('a copy of the pinned one is used, and made again when it was changed', async () => {
    const pinned = await teacherDigest(new FolderStore(dataset), config, grey(), []);
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

describe('the names of the classes beside a classifier of images', () => {
  const onnx = { onnx: 'vit/onnx/model.onnx', output: 'logits' } as const;
  const opened = async (id2label: object) => {
    await cp(join(fixtures, 'onnx-nchw-logits'), join(dataset, 'vit/onnx'), { recursive: true });
    await writeFile(join(dataset, 'vit/config.json'), JSON.stringify({ id2label }));
    const store = new FolderStore(dataset);
    const given = { store, config: teacherConfig(onnx), features: colour(), scratch };
    const classes = ['cat', 'dog', 'eel'];
    const digest = await teacherDigest(store, given.config, given.features, classes);
    const { teacher } = await openTeacher({ ...given, classes, digest });
    teacher.dispose();
    return digest;
  };

  test('are refused in another order than that of the task', async () => {
    await expect(opened({ 0: 'dog', 1: 'cat', 2: 'eel' })).rejects.toMatchObject({
      message: expect.stringContaining('the classes in another order than task.classes: dog, cat,'),
      hint: 'Set task.classes: [dog, cat, eel].',
    });
  });
  test('may be other names', async () => {
    await opened({ 0: 'Katze', 1: 'Hund', 2: 'Aal' });
  });
  test('are a part of the digest', async () => {
    const same = { 0: 'cat', 1: 'dog', 2: 'eel' };
    expect(await opened(same)).not.toBe(await opened({ ...same, 2: 'Eel' }));
  });
});
