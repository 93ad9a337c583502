/**
 * Files with the pinned objects of all shards: one line of JSON per shard, 1 MiB per file.
 *
 * An item of the manifests has the offsets of its shard's line, so that a task reads that line
 * only. The key of a file is a digest of its content. An item and its line therefore match, even if
 * the dataset was listed again in between.
 */
import { createHash } from 'node:crypto';
import { type Shard, shardSchema } from '../data/shard.ts';
import { readBytes, writeOnce } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import type { ShardItem } from './events.ts';
import { keys } from './keys.ts';

const fileBytes = 2 ** 20;

export interface ObjectsWriter {
  /** Appends a shard. Shards come in the order of the plan. */
  append(shard: Shard): Promise<void>;
  /** Writes the last file. @returns the items of all shards. */
  finish(): Promise<ShardItem[]>;
}

/** Creates a writer. Holds one file, and the items at 100 bytes per shard. */
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

/** Formats a manifest, one item per line: there may be tens of thousands. */
export function manifestJson(items: readonly ShardItem[]): Uint8Array {
  return Buffer.from(`[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]\n`);
}

/** Reads the pinned objects of one shard of a manifest. */
export async function readShard(
  { results, run }: { readonly results: ObjectStore; readonly run: string },
  { objects, start, end }: ShardItem,
): Promise<Shard> {
  const line = await readBytes(results, keys.objects(run, objects), { range: { start, end } });
  return shardSchema.parse(JSON.parse(Buffer.from(line).toString('utf8')));
}
