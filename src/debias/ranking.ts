/** Below this many, sorting is quicker than dividing further. */
const smallSize = 16;

/** A reusable list of sites with a distance each, to find the distance of a rank. */
export interface Ranking {
  /** [capacity] */
  readonly distances: Float64Array;
  /** [capacity] */
  readonly sites: Int32Array;
  /**
   * Returns the `rank`-th smallest (from 1) of the first `size` distances, each counted once per
   * point of its site; Infinity if there are fewer. Changes the order.
   */
  select(size: number, rank: number): number;
  /** Sorts the entries from `start` to `end` by distance, in quadratic time. */
  sort(start: number, end: number): void;
}

/**
 * Creates a ranking by Hoare's quickselect (1961), then insertion sort.
 *
 * @param counts the number of points per site.
 */
export function createRanking(capacity: number, counts: Int32Array): Ranking {
  const distances = new Float64Array(capacity);
  const sites = new Int32Array(capacity);

  /** Reorders so that none before the returned index is larger than any from there on. */
  function divide(start: number, end: number): number {
    const [a, b, c] = [distances[start]!, distances[(start + end) >>> 1]!, distances[end - 1]!];
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let low = start;
    let high = end - 1;
    for (;;) {
      while (distances[low]! < pivot) low++;
      while (distances[high]! > pivot) high--;
      if (low >= high) break;
      swap(low++, high--);
    }
    // If the pivot is the smallest of all, it alone goes first.
    return low === start ? start + 1 : low;
  }

  function swap(i: number, j: number): void {
    const distance = distances[i]!;
    const site = sites[i]!;
    distances[i] = distances[j]!;
    sites[i] = sites[j]!;
    distances[j] = distance;
    sites[j] = site;
  }

  function sort(start: number, end: number): void {
    for (let i = start + 1; i < end; i++) {
      const distance = distances[i]!;
      if (distances[i - 1]! <= distance) continue;
      const site = sites[i]!;
      let hole = i;
      for (; hole > start && distances[hole - 1]! > distance; hole--) {
        distances[hole] = distances[hole - 1]!;
        sites[hole] = sites[hole - 1]!;
      }
      distances[hole] = distance;
      sites[hole] = site;
    }
  }

  function select(size: number, rank: number): number {
    let start = 0;
    let end = size;
    let left = rank;
    while (end - start > smallSize) {
      const divider = divide(start, end);
      let before = 0;
      for (let i = start; i < divider; i++) before += counts[sites[i]!]!;
      if (left <= before) {
        end = divider;
      } else {
        left -= before;
        start = divider;
      }
    }
    sort(start, end);
    for (let i = start; i < end; i++) {
      left -= counts[sites[i]!]!;
      if (left <= 0) return distances[i]!;
    }
    return Infinity;
  }

  return { distances, sites, select, sort };
}
