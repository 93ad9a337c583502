import { batchOf, markerOf } from '../data/layout.ts';
import { UserError } from '../errors.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';

/** A batch of a dataset, as far as a listing tells. */
interface Batch {
  readonly dataset: string;
  readonly batch: string;
  marked: boolean;
  newest: Date;
}

/**
 * Sweep: puts the marker into every batch that has none and whose objects are all older than the
 * quiet time, as whoever uploaded it would have. The marker's arrival then starts the run.
 * @param location all datasets, such as s3://BUCKET.
 * @returns how many batches were closed.
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
      failure ??= error; // Such as one with a name that is too long: the others need not wait.
    }
  }
  if (failure) throw failure;
  return marked;
}

/** Every batch of every dataset; a listing gives the objects of one next to each other. */
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
