import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';

/** Computes the SHA-256 of each file, in hex. */
export async function hashFiles(
  store: ObjectStore,
  files: readonly { readonly object: ObjectInfo }[],
): Promise<string[]> {
  const hashes: string[] = [];
  for (const { object } of files) {
    hashes.push(await hashStream(await store.read(object.key, { version: object.version })));
  }
  return hashes;
}

/** Computes the SHA-256 of a stream's bytes, in hex. */
export async function hashStream(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(stream, hash);
  return hash.digest('hex');
}
