import { batchOf, markerOf } from '../data/layout.ts';
import { UserError } from '../errors.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';

/** Batch of a dataset, with what a listing shows of it. */
interface Batch {
  readonly dataset: string;
  readonly batch: string;
  marked: boolean;
  newest: Date;
}

/**
 * Sweep: puts the marker into every batch that has none and whose objects are all older than the
 * quiet time. The marker's arrival then starts the run.
 *
 * @param location All datasets, such as s3://BUCKET.
 * @returns The number of batches that were closed.
 * @throws UserError, after all others were closed, for a batch that no marker can be put into.
 */
export async function markQuietBatches(location: string, quietMinutes: number): Promise<number> {
  const store = await openStore(location);
  const quietSince = Date.now() - quietMinutes * 60_000;
  let marked = 0;
  let failure: UserError | undefined;
  for await (const batch of batches(store)) {
    if (batch.marked || batch.newest.getTime() > quietSince) continue;
    try {
      const dataset = await openStore(`${store.location}/${batch.dataset}`);
      const marker = markerOf(batch.batch);
      if (await dataset.write(marker, new Uint8Array(), { ifAbsent: true })) marked++;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      // One failure, such as a name that is too long, must not stop the other batches.
      failure ??= error;
    }
  }
  if (failure) throw failure;
  return marked;
}

/** Yields every batch of every dataset; a listing has the objects of a batch next to each other. */
async function* batches(store: ObjectStore): AsyncGenerator<Batch> {
  let current: Batch | undefined;
  for await (const { key, modified } of store.list('')) {
    const [, dataset, inDataset] = /^(.*?[^/])\/(unlabeled\/.+)$/s.exec(key) ?? [];
    if (dataset === undefined || inDataset === undefined) continue;
    const batch = batchOf(inDataset);
    if (batch === '') continue;
    if (current?.dataset !== dataset || current.batch !== batch) {
      if (current) yield current;
      current = { dataset, batch, marked: false, newest: modified };
    }
    if (inDataset === markerOf(batch)) current.marked = true;
    else if (modified > current.newest) current.newest = modified;
  }
  if (current) yield current;
}
