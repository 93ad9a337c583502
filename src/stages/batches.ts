import { batchOf } from '../data/layout.ts';
import type { ObjectStore } from '../store/store.ts';

/** Batches whose markers are looked up at once. */
export const lookups = 16;

/**
 * Yields the batches of a dataset, which are the folders of `unlabeled/`. Lists no object in them:
 * the time and price of it grow with the number of batches.
 */
export async function* batchesOf(data: ObjectStore): AsyncGenerator<string> {
  for await (const folder of data.folders('unlabeled/')) {
    const batch = batchOf(folder);
    if (batch !== '') yield batch;
  }
}
