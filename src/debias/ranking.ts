/** Below this many, sorting is quicker than dividing further. */
const smallSize = 16;

/** Places with a distance each, to find the distance of a rank. Is used again and again. */
export interface Ranking {
  /** [capacity] */
  readonly distances: Float64Array;
  /** [capacity] */
  readonly places: Int32Array;
  /**
   * The `rank`-th smallest (from 1) of the first `size` distances, where each counts as many times as
   * there are points at its place; Infinity when there are fewer. Changes the order.
   */
  select(size: number, rank: number): number;
  /** Puts some of them in order, in quadratic time. */
  sort(start: number, end: number): void;
}

/**
 * Hoare's quickselect (1961), then insertion sort.
 * @param counts how many points each place stands for.
 */
export function createRanking(capacity: number, counts: Int32Array): Ranking {
  const distances = new Float64Array(capacity);
  const places = new Int32Array(capacity);

  /** Orders so that none before the index returned is larger than any from there on. */
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
    // Where the pivot is the smallest of all, it alone goes before.
    return low === start ? start + 1 : low;
  }

  function swap(i: number, j: number): void {
    const distance = distances[i]!;
    const place = places[i]!;
    distances[i] = distances[j]!;
    places[i] = places[j]!;
    distances[j] = distance;
    places[j] = place;
  }

  function sort(start: number, end: number): void {
    for (let i = start + 1; i < end; i++) {
      const distance = distances[i]!;
      if (distances[i - 1]! <= distance) continue;
      const place = places[i]!;
      let hole = i;
      for (; hole > start && distances[hole - 1]! > distance; hole--) {
        distances[hole] = distances[hole - 1]!;
        places[hole] = places[hole - 1]!;
      }
      distances[hole] = distance;
      places[hole] = place;
    }
  }

  function select(size: number, rank: number): number {
    let start = 0;
    let end = size;
    let left = rank;
    while (end - start > smallSize) {
      const divider = divide(start, end);
      let before = 0;
      for (let i = start; i < divider; i++) before += counts[places[i]!]!;
      if (left <= before) {
        end = divider;
      } else {
        left -= before;
        start = divider;
      }
    }
    sort(start, end);
    for (let i = start; i < end; i++) {
      left -= counts[places[i]!]!;
      if (left <= 0) return distances[i]!;
    }
    return Infinity;
  }

  return { distances, places, select, sort };
}
