/**
 * Files with the pinned objects of all shards: one line of JSON per shard, 1 MiB per file.
 *
 * An item of the manifests has the offsets of its shard's line, so that a task reads that line
 * only. The key of a file is a digest of its content. An item and its line therefore match, even if
 * the dataset was listed again in between.
 */
import { z } from 'zod';
import { type Shard, shardSchema } from '../data/shard.ts';
import { sha256 } from '../digest.ts';
import type { UserError } from '../errors.ts';
import { damaged } from '../store/damage.ts';
import { parseWith, readBytes, writeOnce } from '../store/once.ts';
import { parseUnsealed } from '../store/seal.ts';
import type { ObjectStore } from '../store/store.ts';
import { type ShardItem, shardItem } from './events.ts';
import { keys } from './keys.ts';

const fileBytes = 2 ** 20;

export interface ObjectsWriter {
  /** Appends a shard. Shards come in the order of the plan. */
  append(shard: Shard): Promise<void>;
  /** Writes the last file. @returns the items of all shards. */
  finish(): Promise<ShardItem[]>;
}

/** Creates a writer. Holds one file, and the items at 130 bytes per shard. */
export function createObjectsWriter(results: ObjectStore, run: string): ObjectsWriter {
  const items: ShardItem[] = [];
  let lines: Buffer[] = [];
  let unplaced: Omit<ShardItem, 'objects'>[] = [];
  let bytes = 0;

  async function flush(): Promise<void> {
    if (bytes === 0) return;
    const file = Buffer.concat(lines);
    const objects = lineDigest(file);
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
      const { id, set } = shard;
      unplaced.push({ id, set, start: bytes, end: bytes + line.length, sha256: lineDigest(line) });
      bytes += line.length;
      if (bytes >= fileBytes) await flush();
    },
    async finish() {
      await flush();
      return items;
    },
  };
}

/** Computes the digest of a file of lines, or of a line: 64 bits of SHA-256. */
function lineDigest(bytes: Uint8Array): string {
  return sha256(bytes).slice(0, 16);
}

/** Formats a manifest, one item per line: there may be tens of thousands. */
export function manifestJson(items: readonly ShardItem[]): Uint8Array {
  return Buffer.from(`[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]\n`);
}

/** Reads the items of a manifest for a Map. Plan has compared it with its digest. */
export async function readManifest(store: ObjectStore, key: string): Promise<ShardItem[]> {
  const name = `${store.location}/${key}`;
  return parseWith(z.array(shardItem), parseUnsealed(await readBytes(store, key), name), name);
}

/**
 * Reads the pinned objects of one shard of a manifest.
 * @throws UserError if the shard's line, or its item, was changed since it was planned.
 */
export async function readShard(
  { results, run }: { readonly results: ObjectStore; readonly run: string },
  { id, set, objects, start, end, sha256 }: ShardItem,
): Promise<Shard> {
  const key = keys.objects(run, objects);
  const line = await readBytes(results, key, { range: { start, end } });
  const shard =
    sha256 === lineDigest(line)
      ? shardSchema.parse(JSON.parse(Buffer.from(line).toString('utf8')))
      : undefined;
  if (shard?.id === id && shard.set === set) return shard;
  throw damagedPlanning({ results, run }, key, `does not have the shard ${id} as it was planned`);
}

/**
 * Describes a damaged file that Plan writes before the plan. Plan writes it again if there is no
 * plan.
 */
export function damagedPlanning(
  { results, run }: { readonly results: ObjectStore; readonly run: string },
  key: string,
  how: string,
): UserError {
  const name = (one: string) => `${results.location}/${one}`;
  const others = [keys.shards(run), keys.plan(run)].filter((one) => one !== key).map(name);
  return damaged(name(key), how, others);
}
