/** Names of a dataset's objects: which set and which batch an object belongs to. */
import { type Piece, type SetName, setNames } from './shard.ts';

/**
 * Returns the key below the folder of its set. Ids start with it, so that they are unique in the
 * set and show where the example is.
 * @example keyInSet('unlabeled/monday/a.tar') // 'monday/a.tar'
 */
export function keyInSet(key: string): string {
  const match = belowSet.exec(key);
  return match ? (match[1] ?? '') : key;
}

/** Returns the name of an object in the ids of its examples. */
export function nameOf({ name, key }: Pick<Piece, 'name' | 'key'>): string {
  return name ?? keyInSet(key);
}

/** Returns the set whose folder has an object, or undefined outside such folders. */
export function setOf(key: string): SetName | undefined {
  return setNames.find((set) => key.startsWith(`${set}/`));
}

/** The part after the first segment that names a set. */
const belowSet = new RegExp(`(?:^|/)(?:${setNames.join('|')})(?:/(.*))?$`, 's');

/** Returns the batch folder of an object in `unlabeled/`: 'monday', or '' outside such folders. */
export function batchOf(key: string): string {
  const inSet = keyInSet(key);
  return inSet.slice(0, Math.max(inSet.indexOf('/'), 0));
}

/** Returns the key of the object that marks a batch as complete; it is written last. */
export function markerOf(batch: string): string {
  return batch === '' ? 'unlabeled/_SUCCESS' : `unlabeled/${batch}/_SUCCESS`;
}

/**
 * Returns whether a batch is complete, if there are markers. Spark writes one marker for all of its
 * folders `date=…`, which are batches here.
 *
 * @param marked The batches that have a marker.
 */
export function isComplete(batch: string, marked: readonly string[]): boolean {
  return marked.includes(batch) || (batch.includes('=') && marked.includes(''));
}

/** Returns whether an object of a dataset is the marker of its batch. */
export function isMarker(key: string): boolean {
  return key === markerOf(batchOf(key));
}
