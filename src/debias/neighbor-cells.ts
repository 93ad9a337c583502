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
import { createRanking } from './ranking.ts';

/** A cell that has no more places to settle than that is not cut further. */
const fewPlaces = 8;
/** A cell is cut when more queries than that have fallen into it: cutting costs like many of them. */
const patience = 8;
/** The smallest cells have sides of 2^-24, the steps of floats below 1. */
const maxDepth = 24;
/** So many of the smallest lie side by side. */
const columns = 2 ** maxDepth;
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

export interface NeighborCells {
  /** [cells, 4], `field` by `field`: side by side, since a query looks at all of them. */
  readonly table: Int32Array;
  /** [cells, parts]: the sums over the places that are decided. */
  readonly sums: Float64Array;
  /** The undecided places of all cells. */
  readonly listed: Int32Array;
  /** The cell that answers a query; cuts it for later ones when it is worth it. */
  find(x: number, y: number): number;
}

/** @param k at most the number of points. */
export function createNeighborCells(places: Places, k: number): NeighborCells {
  const { x: xs, y: ys, counts, sums: placeSums, size: placeCount } = places;
  const parts = places.columnOf.length;
  const table = new Int32Array(maxCells * 4);
  const sums = new Float64Array(maxCells * parts);
  const listed = new Int32Array(maxListed);
  const { distances, places: ranked, select, sort } = createRanking(placeCount, counts);
  const low = new Float64Array(placeCount);
  const high = new Float64Array(placeCount);

  // The first cell is the plane: nothing is decided.
  for (let place = 0; place < placeCount; place++) listed[place] = place;
  table[field.size] = placeCount;
  table[field.missing] = k;
  let cellCount = 1;
  let listedCount = placeCount;

  function find(x: number, y: number): number {
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) return 0;
    const column = Math.min(x * columns, columns - 1) | 0;
    const row = Math.min(y * columns, columns - 1) | 0;
    let cell = 0;
    let shift = maxDepth - 1;
    let child = table[field.children]!;
    for (; child > 0; shift--) {
      cell = child + 2 * ((column >> shift) & 1) + ((row >> shift) & 1);
      child = table[4 * cell + field.children]!;
    }
    if (table[4 * cell + field.size]! > fewPlaces && shift >= 0) {
      if (child > -patience) table[4 * cell + field.children] = child - 1;
      else cut(cell, column >> (shift + 1), row >> (shift + 1), 2 ** (shift - maxDepth));
    }
    return cell;
  }

  /** @param side of the children. */
  function cut(cell: number, column: number, row: number, side: number): void {
    const size = table[4 * cell + field.size]!;
    const hasRoom = cellCount + 4 <= maxCells && listedCount + 4 * size <= maxListed;
    if (!hasRoom) return;
    const first = cellCount;
    cellCount += 4;
    table[4 * cell + field.children] = first;
    for (let right = 0; right < 2; right++) {
      for (let up = 0; up < 2; up++) {
        const centerX = (2 * column + right + 0.5) * side;
        const centerY = (2 * row + up + 0.5) * side;
        fill(first + 2 * right + up, cell, centerX, centerY, side);
      }
    }
  }

  /** Decides what can be decided of the parent's undecided places in one of its quarters. */
  function fill(
    cell: number,
    parent: number,
    centerX: number,
    centerY: number,
    side: number,
  ): void {
    const start = table[4 * parent + field.start]!;
    const size = table[4 * parent + field.size]!;
    const missing = table[4 * parent + field.missing]!;
    compare(start, size, centerX, centerY, side);
    /** The k-th nearest is no farther: a place that is always farther is none of the k. */
    const farthest = rank(high, start, size, missing);
    /** Nobody but k may be nearer: a place that is always nearer is one of the k. */
    const next = rank(low, start, size, missing + 1);

    for (let part = 0; part < parts; part++) {
      sums[cell * parts + part] = sums[parent * parts + part]!;
    }
    let left = missing;
    let undecided = 0;
    for (let i = 0; i < size; i++) {
      const place = listed[start + i]!;
      if (high[i]! < next) {
        left -= counts[place]!;
        for (let part = 0; part < parts; part++) {
          sums[cell * parts + part]! += placeSums[place * parts + part]!;
        }
      } else if (low[i]! <= farthest) {
        distances[undecided] = low[i]! + high[i]!;
        ranked[undecided++] = place;
      }
    }
    if (left === 0) undecided = 0;
    // In the order of the centre a query finds them nearly in its own.
    if (undecided <= maxSorted) sort(0, undecided);
    table[4 * cell + field.start] = listedCount;
    table[4 * cell + field.size] = undecided;
    table[4 * cell + field.missing] = left;
    for (let i = 0; i < undecided; i++) listed[listedCount++] = ranked[i]!;
  }

  /** The intervals of some listed places in a cell, against their mean as the fixed point. */
  function compare(
    start: number,
    size: number,
    centerX: number,
    centerY: number,
    side: number,
  ): void {
    let meanX = 0;
    let meanY = 0;
    for (let i = start; i < start + size; i++) {
      meanX += xs[listed[i]!]! / size;
      meanY += ys[listed[i]!]! / size;
    }
    const fixedX = meanX - centerX;
    const fixedY = meanY - centerY;
    const fixed = fixedX * fixedX + fixedY * fixedY;
    for (let i = 0; i < size; i++) {
      const place = listed[start + i]!;
      const dx = xs[place]! - centerX;
      const dy = ys[place]! - centerY;
      const distance = dx * dx + dy * dy;
      const spread =
        side * (Math.abs(dx - fixedX) + Math.abs(dy - fixedY)) +
        rounding * (distance + fixed + side);
      low[i] = distance - fixed - spread;
      high[i] = distance - fixed + spread;
    }
  }

  function rank(bounds: Float64Array, start: number, size: number, rank: number): number {
    for (let i = 0; i < size; i++) {
      distances[i] = bounds[i]!;
      ranked[i] = listed[start + i]!;
    }
    return select(size, rank);
  }

  return { table, sums, listed, find };
}
