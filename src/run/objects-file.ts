/**
 * The pinned objects of all shards, one line of JSON a shard, in files of a MB. An item of the
 * manifests says which bytes of which file are its shard's line, so that a task reads that and never
 * the whole list. A file's key is a digest of what is in it: whatever was listed when, an item and its
 * line belong together.
 */
import { createHash } from 'node:crypto';
import { type Shard, shardSchema } from '../data/shard.ts';
import { readBytes, writeOnce } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import type { ShardItem } from './events.ts';
import { keys } from './keys.ts';

const fileBytes = 2 ** 20;

export interface ObjectsWriter {
  /** Shards in the order of the plan. */
  append(shard: Shard): Promise<void>;
  /** @returns the items of all shards. */
  finish(): Promise<ShardItem[]>;
}

/** Holds the items, a hundred bytes a shard, and one file. */
export function createObjectsWriter(results: ObjectStore, run: string): ObjectsWriter {
  const items: ShardItem[] = [];
  let lines: Buffer[] = [];
  let unplaced: Omit<ShardItem, 'objects'>[] = [];
  let bytes = 0;

  async function flush(): Promise<void> {
    if (bytes === 0) return;
    const file = Buffer.concat(lines);
    const objects = createHash('sha256').update(file).digest('hex').slice(0, 16);
    await writeOnce(results, keys.objects(run, objects), file);
    for (const item of unplaced) items.push({ ...item, objects });
    lines = [];
    unplaced = [];
    bytes = 0;
  }

  return {
    async append(shard) {
      const line = Buffer.from(`${JSON.stringify(shard)}\n`);
      lines.push(line);
      unplaced.push({ id: shard.id, set: shard.set, start: bytes, end: bytes + line.length });
      bytes += line.length;
      if (bytes >= fileBytes) await flush();
    },
    async finish() {
      await flush();
      return items;
    },
  };
}

/** A manifest, item by item: there may be tens of thousands. */
export function manifestJson(items: readonly ShardItem[]): Uint8Array {
  return Buffer.from(`[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]\n`);
}

/** The pinned objects of one shard of a manifest. */
export async function readShard(
  { results, run }: { readonly results: ObjectStore; readonly run: string },
  { objects, start, end }: ShardItem,
): Promise<Shard> {
  const line = await readBytes(results, keys.objects(run, objects), { range: { start, end } });
  return shardSchema.parse(JSON.parse(Buffer.from(line).toString('utf8')));
}
