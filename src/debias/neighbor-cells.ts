/**
 * The unit square cut into cells, finer where queries fall (a quadtree, Finkel and Bentley 1974). A
 * cell knows which places are among the k nearest of every query in it, with their sums ready, and
 * the few that may be: a query only settles those.
 *
 * For queries q in a cell of centre m and half side h, and a fixed point r, the difference of squared
 * distances |q − p|² − |q − r|² is linear in q, so it lies within
 *
 *   |m − p|² − |m − r|² ± 2h (|p_x − r_x| + |p_y − r_y|)
 *
 * and all places can be compared by these intervals [low, high].
 *
 * Cells change how long an answer takes, never the answer: sums are exact (`neighbor-places.ts`), so
 * it does not matter which part of them is ready.
 */
import type { Places } from './neighbor-places.ts';
import { createRanking, type Ranking } from './ranking.ts';

/** A cell that has no more places to settle than that is not cut further. */
const fewPlaces = 8;
/** A cell is cut when more queries than that have fallen into it: cutting costs like many of them. */
const patience = 8;
/** The smallest cells have sides of 2^-24, the steps of floats below 1. */
const maxDepth = 24;
/** With the places that they may have, at most 20 MB. */
const maxCells = 2 ** 17;
const maxListed = 2 ** 21;

/** Sorting more would take longer than it saves. */
const maxSorted = 64;

/** More than the rounding of a squared distance, relative to its terms. */
const rounding = 2 ** -46;

/** What the table has of each cell. */
export const field = {
  /** The first of its four children; before it is cut, minus the queries that fell into it. */
  children: 0,
  /** Where in `listed` its undecided places start. */
  start: 1,
  /** How many they are. */
  size: 2,
  /** How many of the k neighbours are among them. */
  missing: 3,
} as const;

export class NeighborCells {
  /** [cells, 4], `field` by `field`: side by side, since a query looks at all of them. */
  readonly table = new Int32Array(maxCells * 4);
  /** [cells, parts]: the sums over the places that are decided. */
  readonly sums: Float64Array;
  /** The undecided places of all cells. */
  readonly listed = new Int32Array(maxListed);

  readonly #places: Places;
  readonly #parts: number;
  readonly #ranking: Ranking;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  #cellCount = 1;
  #listedCount: number;

  /** @param k at most the number of points. */
  constructor(places: Places, k: number) {
    const { size, counts, columnOf } = places;
    this.#places = places;
    this.#parts = columnOf.length;
    this.#ranking = createRanking(size, counts);
    this.#low = new Float64Array(size);
    this.#high = new Float64Array(size);
    this.sums = new Float64Array(maxCells * this.#parts);
    // The first cell is the plane: nothing is decided.
    for (let place = 0; place < size; place++) this.listed[place] = place;
    this.#listedCount = size;
    this.table[field.size] = size;
    this.table[field.missing] = k;
  }

  /** The cell that answers a query; cuts it for later ones when it is worth it. */
  find(x: number, y: number): number {
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) return 0;
    const columns = 2 ** maxDepth;
    const column = Math.min(x * columns, columns - 1) | 0;
    const row = Math.min(y * columns, columns - 1) | 0;
    let cell = 0;
    let shift = maxDepth - 1;
    let child = this.table[field.children]!;
    for (; child > 0; shift--) {
      cell = child + 2 * ((column >> shift) & 1) + ((row >> shift) & 1);
      child = this.table[4 * cell + field.children]!;
    }
    if (this.table[4 * cell + field.size]! > fewPlaces && shift >= 0) {
      if (child > -patience) this.table[4 * cell + field.children] = child - 1;
      else this.#cut(cell, column >> (shift + 1), row >> (shift + 1), 2 ** (shift - maxDepth));
    }
    return cell;
  }

  /** @param side of the children. */
  #cut(cell: number, column: number, row: number, side: number): void {
    const size = this.table[4 * cell + field.size]!;
    const hasRoom = this.#cellCount + 4 <= maxCells && this.#listedCount + 4 * size <= maxListed;
    if (!hasRoom) return;
    const first = this.#cellCount;
    this.#cellCount += 4;
    this.table[4 * cell + field.children] = first;
    for (let right = 0; right < 2; right++) {
      for (let up = 0; up < 2; up++) {
        const centerX = (2 * column + right + 0.5) * side;
        const centerY = (2 * row + up + 0.5) * side;
        this.#fill(first + 2 * right + up, cell, centerX, centerY, side);
      }
    }
  }

  /** Decides what can be decided of the parent's undecided places in one of its quarters. */
  #fill(cell: number, parent: number, centerX: number, centerY: number, side: number): void {
    const { counts, sums } = this.#places;
    const start = this.table[4 * parent + field.start]!;
    const size = this.table[4 * parent + field.size]!;
    const missing = this.table[4 * parent + field.missing]!;
    this.#compare(start, size, centerX, centerY, side);
    /** The k-th nearest is no farther: a place that is always farther is none of the k. */
    const farthest = this.#rank(this.#high, start, size, missing);
    /** Nobody but k may be nearer: a place that is always nearer is one of the k. */
    const next = this.#rank(this.#low, start, size, missing + 1);

    const parts = this.#parts;
    for (let part = 0; part < parts; part++) {
      this.sums[cell * parts + part] = this.sums[parent * parts + part]!;
    }
    const { distances, places } = this.#ranking;
    let left = missing;
    let undecided = 0;
    for (let i = 0; i < size; i++) {
      const place = this.listed[start + i]!;
      if (this.#high[i]! < next) {
        left -= counts[place]!;
        for (let part = 0; part < parts; part++) {
          this.sums[cell * parts + part]! += sums[place * parts + part]!;
        }
      } else if (this.#low[i]! <= farthest) {
        distances[undecided] = this.#low[i]! + this.#high[i]!;
        places[undecided++] = place;
      }
    }
    if (left === 0) undecided = 0;
    // In the order of the centre a query finds them nearly in its own.
    if (undecided <= maxSorted) this.#ranking.sort(0, undecided);
    const ownStart = this.#listedCount;
    for (let i = 0; i < undecided; i++) this.listed[this.#listedCount++] = places[i]!;
    this.table[4 * cell + field.start] = ownStart;
    this.table[4 * cell + field.size] = undecided;
    this.table[4 * cell + field.missing] = left;
  }

  /** The intervals of some listed places in a cell, against their mean as the fixed point. */
  #compare(start: number, size: number, centerX: number, centerY: number, side: number): void {
    const { x, y } = this.#places;
    let meanX = 0;
    let meanY = 0;
    for (let i = start; i < start + size; i++) {
      meanX += x[this.listed[i]!]! / size;
      meanY += y[this.listed[i]!]! / size;
    }
    const fixedX = meanX - centerX;
    const fixedY = meanY - centerY;
    const fixed = fixedX * fixedX + fixedY * fixedY;
    for (let i = 0; i < size; i++) {
      const place = this.listed[start + i]!;
      const dx = x[place]! - centerX;
      const dy = y[place]! - centerY;
      const distance = dx * dx + dy * dy;
      const spread =
        side * (Math.abs(dx - fixedX) + Math.abs(dy - fixedY)) +
        rounding * (distance + fixed + side);
      this.#low[i] = distance - fixed - spread;
      this.#high[i] = distance - fixed + spread;
    }
  }

  #rank(bounds: Float64Array, start: number, size: number, rank: number): number {
    const { distances, places } = this.#ranking;
    for (let i = 0; i < size; i++) {
      distances[i] = bounds[i]!;
      places[i] = this.listed[start + i]!;
    }
    return this.#ranking.select(size, rank);
  }
}
