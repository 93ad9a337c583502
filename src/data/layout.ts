/** Names of a dataset's objects: which set and which batch an object belongs to. */
import { setNames } from './shard.ts';

/**
 * The key below the folder of its set: 'unlabeled/monday/a.tar' gives 'monday/a.tar'. Ids start
 * with it, so that they are unique in the whole set and say where the example is.
 */
export function keyInSet(key: string): string {
  const match = belowSet.exec(key);
  return match ? (match[1] ?? '') : key;
}

/** What follows the first segment that names a set. */
const belowSet = new RegExp(`(?:^|/)(?:${setNames.join('|')})(?:/(.*))?$`, 's');

/** The folder of `unlabeled/` that an object lies in: 'monday', or '' for one that lies in none. */
export function batchOf(key: string): string {
  const inSet = keyInSet(key);
  return inSet.slice(0, Math.max(inSet.indexOf('/'), 0));
}

/** The object that is put last: it says that a batch is complete. */
export function markerOf(batch: string): string {
  return batch === '' ? 'unlabeled/_SUCCESS' : `unlabeled/${batch}/_SUCCESS`;
}

/** Whether an object of a dataset is the marker of its batch. */
export function isMarker(key: string): boolean {
  return key === markerOf(batchOf(key));
}
