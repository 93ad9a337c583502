import { readAhead } from '../data/ahead.ts';
import { markerOf } from '../data/layout.ts';
import { setNames } from '../data/shard.ts';
import { UserError } from '../errors.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';
import { batchesOf, lookups } from './batches.ts';

/**
 * Sweep: puts the marker into every batch that has none and whose objects are all older than the
 * quiet time. The marker's arrival then starts the run. Lists the objects of batches without a
 * marker only.
 *
 * @param location All datasets, such as s3://BUCKET.
 * @returns The number of batches that were closed.
 * @throws UserError, after all others were closed, for a batch that no marker can be put into.
 */
export async function markQuietBatches(location: string, quietMinutes: number): Promise<number> {
  const store = await openStore(location);
  const quietSince = new Date(Date.now() - quietMinutes * 60_000);
  let marked = 0;
  let failure: UserError | undefined;
  const close = async ({ dataset, batch }: Batch) => {
    try {
      return await closeIfQuiet(dataset, batch, quietSince);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      // One failure, such as a name that is too long, must not stop the other batches.
      failure ??= error;
      return false;
    }
  };
  for await (const closed of readAhead(allBatches(store), lookups, close)) if (closed) marked++;
  if (failure) throw failure;
  return marked;
}

interface Batch {
  readonly dataset: ObjectStore;
  readonly batch: string;
}

/** Yields every batch of every dataset. */
async function* allBatches(store: ObjectStore): AsyncGenerator<Batch> {
  for await (const folder of datasetFolders(store, '')) {
    const dataset = await openStore(`${store.location}/${folder.replace(/\/$/, '')}`);
    for await (const batch of batchesOf(dataset)) yield { dataset, batch };
  }
}

/**
 * Yields the folders that have a folder `unlabeled/`, at any depth, each with a "/" at its end. The
 * folders of a dataset's sets are not searched.
 */
async function* datasetFolders(store: ObjectStore, parent: string): AsyncGenerator<string> {
  const folders: string[] = [];
  for await (const folder of store.folders(parent)) folders.push(folder);
  const isDataset = parent !== '' && folders.includes(`${parent}unlabeled/`);
  if (isDataset) yield parent;
  const sets = new Set(isDataset ? setNames.map((set) => `${parent}${set}/`) : []);
  for (const folder of folders) if (!sets.has(folder)) yield* datasetFolders(store, folder);
}

/** Puts the marker into the batch, unless it has one, has no object, or has a young object. */
async function closeIfQuiet(
  dataset: ObjectStore,
  batch: string,
  quietSince: Date,
): Promise<boolean> {
  const marker = markerOf(batch);
  if (await dataset.head(marker)) return false;
  let hasObject = false;
  for await (const { modified } of dataset.list(`unlabeled/${batch}/`)) {
    if (modified > quietSince) return false;
    hasObject = true;
  }
  return (
    hasObject && (await dataset.write(marker, new Uint8Array(), { ifAbsent: true })) !== undefined
  );
}
