import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { ReadConfig } from '../../src/data/config.ts';
import { cutShards } from '../../src/data/cut.ts';
import { type Example, isRejected, type Rejected } from '../../src/data/example.ts';
import { readExamples } from '../../src/data/read.ts';
import type { SetName, Shard } from '../../src/data/shard.ts';
import { FolderStore } from '../../src/store/folder.ts';
import type { ObjectStore } from '../../src/store/store.ts';

export const fixtures = fileURLToPath(new URL('../fixtures/data', import.meta.url));

export function fixture(name: string): Promise<Buffer> {
  return readFile(join(fixtures, name));
}

/** A dataset in a folder: keys to fixtures. */
export async function datasetOf(files: Record<string, string>): Promise<FolderStore> {
  const folder = await mkdtemp(join(tmpdir(), 'counterweight-data-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [key, name] of Object.entries(files)) {
    await cp(join(fixtures, name), join(folder, dirname(key), key.split('/').at(-1) ?? ''));
  }
  return new FolderStore(folder);
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export function shardsOf(
  store: ObjectStore,
  config: ReadConfig,
  set: SetName = 'labeled',
): Promise<Shard[]> {
  return collect(cutShards(store, set, `${set}/`, config));
}

/** All examples of a set, through cutting and reading. */
export async function readSet(
  store: ObjectStore,
  config: ReadConfig,
  set: SetName = 'labeled',
): Promise<(Example | Rejected)[]> {
  const shards = await shardsOf(store, config, set);
  return (
    await Promise.all(shards.map((shard) => collect(readExamples(store, shard, config))))
  ).flat();
}

/** The examples and the reasons, apart. */
export function sorted(items: readonly (Example | Rejected)[]) {
  return {
    examples: items.filter((item): item is Example => !isRejected(item)),
    reasons: new Map(items.filter(isRejected).map(({ id, reason }) => [id, reason])),
  };
}
