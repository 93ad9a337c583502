import { cp, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setNames } from '../../src/data/shard.ts';
import { startRun } from '../../src/stages/start.ts';
import { openStore } from '../../src/store/open.ts';
import { shardsOf } from '../support/examples.ts';
import { readerConfig } from '../support/reader-config.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'counterweight-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const files = {
  'distill.yaml': [
    'task: { type: tabular-classification, classes: [a, b] }',
    'data: { format: csv }',
    'teacher: { train: { architecture: mlp } }',
    'student: { architecture: mlp }',
  ].join('\n'),
  'labeled/a.csv': 'x,label\n1,a\n2,b\n',
  'unlabeled/b/a.csv': 'x\n+1\n+2\n',
};

/** Writes the files, all of the same time, as in a reproducible image. */
async function makeDataset(name: string, changes: Partial<typeof files> = {}): Promise<string> {
  const folder = join(home, name, 'data');
  for (const [key, text] of Object.entries({ ...files, ...changes })) {
    const path = join(folder, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    await utimes(path, 1, 1);
  }
  return folder;
}

/** Returns what a run of a dataset is named by: the run's name and the shards' ids. */
async function namesOf(dataset: string) {
  const { run } = await startRun(dataset, join(home, 'results'));
  const store = await openStore(dataset);
  const config = readerConfig('row', { format: 'csv' });
  const ids = [];
  for (const set of setNames) ids.push((await shardsOf(store, config, set)).map(({ id }) => id));
  return { run, ids };
}

test('content that changes while size and time stay makes another run with other shards', async () => {
  const dataset = await makeDataset('same');
  const before = await namesOf(dataset);
  await makeDataset('same', { 'unlabeled/b/a.csv': 'x\n-1\n-2\n' });
  const after = await namesOf(dataset);
  expect(after.run).not.toBe(before.run);
  expect(after.ids[3]).not.toEqual(before.ids[3]);
  expect(after.ids.slice(0, 3)).toEqual(before.ids.slice(0, 3));
});

test('equal content is the same run, touched or copied', async () => {
  const dataset = await makeDataset('touched');
  const before = await namesOf(dataset);
  for (const key of Object.keys(files)) await utimes(join(dataset, key), 2e9, 2e9);
  expect(await namesOf(dataset)).toEqual(before);
  const copy = join(home, 'copied/data');
  await cp(dataset, copy, { recursive: true });
  expect(await namesOf(copy)).toEqual(before);
});
