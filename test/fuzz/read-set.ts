/** Reads a file in each way that a run does: as a column sample, as labels and as examples. */
import type { ReadConfig } from '../../src/data/config.ts';
import { cutShards } from '../../src/data/cut.ts';
import { isRejected } from '../../src/data/example.ts';
import { formats } from '../../src/data/formats/index.ts';
import { readExamples, readLabelsOnly } from '../../src/data/read.ts';
import { UserError } from '../../src/errors.ts';
import { MemoryStore } from '../support/memory-store.ts';

/**
 * Reads a file as a labeled and as an unlabeled set.
 * @throws UserError of the last way that was refused, if all were.
 */
export async function readFile(bytes: Buffer, name: string, config: ReadConfig): Promise<void> {
  const store = new MemoryStore({ [`labeled/${name}`]: bytes, [`unlabeled/b/${name}`]: bytes });
  const files = await formats[config.data.format].load();
  await unlessRefused(async () => {
    const object = (await store.head(`labeled/${name}`))!;
    const found = await files.sampleColumns?.(store, object, config.data);
    for (const column of found ?? []) JSON.stringify(column.values.map(String));
  });
  for (const set of ['labeled', 'unlabeled'] as const) {
    await unlessRefused(async () => {
      for await (const shard of cutShards(store, set, `${set}/`, config)) {
        for await (const item of readExamples(store, shard, config)) isRejected(item);
        if (set === 'unlabeled') continue;
        for await (const item of readLabelsOnly(store, shard, config)) isRejected(item);
      }
    });
  }
}

/** Runs an action, which may refuse the file. */
export async function unlessRefused(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}
