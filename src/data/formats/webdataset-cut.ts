import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { wholePiece } from '../shard.ts';
import type { SizedPiece } from './format.ts';

/** Number of consecutive archives in whose sizes the usual size is found. */
const groupSize = 64;

/**
 * Makes each archive one piece. Adds the usual size to a smaller archive, because it may be cut
 * short. The usual size is the median of the archives around it in the listing.
 */
export async function* cutArchives(
  _: ObjectStore,
  objects: AsyncIterable<ObjectInfo>,
): AsyncGenerator<SizedPiece> {
  let sizesBefore: number[] = [];
  let group: ObjectInfo[] = [];
  function* finish(): Generator<SizedPiece> {
    const sizes = group.map(({ bytes }) => bytes);
    const usualBytes = median([...sizesBefore, ...sizes]);
    for (const object of group) {
      const isSmaller = object.bytes < usualBytes;
      const piece = { ...wholePiece(object), ...(isSmaller && { usualBytes }) };
      yield { piece, sizeBytes: object.bytes };
    }
    sizesBefore = sizes;
    group = [];
  }
  for await (const object of objects) {
    group.push(object);
    if (group.length === groupSize) yield* finish();
  }
  yield* finish();
}

/** Returns the median: of two middle values, the larger one. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
