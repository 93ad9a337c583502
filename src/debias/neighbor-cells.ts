/**
 * The unit square cut into cells, finer where queries fall (a quadtree, Finkel and Bentley 1974). A
 * cell stores the sums over its decided sites, which are among the k nearest of every query in it.
 * It also lists its undecided sites, which are near for only some queries. A query has to compare
 * only the undecided ones.
 *
 * Let q be a query in a cell of centre m and half side h, p a site and r a fixed point. The
 * difference of squared distances |q − p|² − |q − r|² is linear in q, so it lies within
 *
 *   |m − p|² − |m − r|² ± 2h (|p_x − r_x| + |p_y − r_y|)
 *
 * and all sites can be compared by these intervals [low, high].
 *
 * Cells change the time of a query, never its result: sums are exact (`neighbor-sites.ts`), so it
 * does not matter which part of a sum was computed in advance.
 */
import type { Sites } from './neighbor-sites.ts';
import { createRanking } from './ranking.ts';

/** A cell with at most this many undecided sites is not cut further. */
const fewSites = 8;
/** Number of queries after which a cell is cut: cutting takes as long as many queries. */
const patience = 8;
/** The smallest cells have sides of 2^-24, the spacing of floats below 1. */
const maxDepth = 24;
/** The number of smallest cells along one axis. */
const columns = 2 ** maxDepth;
/** Limits of the cells and of their listed sites: per site, and in all, at most 20 MB. */
const cellsPerSite = 64;
const maxCells = 2 ** 17;
const listedPerSite = 1024;
const maxListed = 2 ** 21;

/**
 * Maximum number of undecided sites that are sorted: above it, sorting takes longer than it saves.
 */
const maxSorted = 64;

/** Upper bound on the rounding error of a squared distance, relative to its terms. */
const rounding = 2 ** -46;

/** The fields of a cell in the table. */
export const field = {
  /** The first of its four children; before it is cut, minus the number of queries in it. */
  children: 0,
  /** The offset of its undecided sites in `listed`. */
  start: 1,
  /** The number of its undecided sites. */
  size: 2,
  /** The number of the k neighbours among them. */
  missing: 3,
} as const;

export interface NeighborCells {
  /** [cells, 4], by cell and `field`: a query reads all fields of one cell. */
  readonly table: Int32Array;
  /** [cells, parts]: the sums over the sites that are decided. */
  readonly sums: Float64Array;
  /** The undecided sites of all cells. */
  readonly listed: Int32Array;
  /** Returns the cell of a query. Cuts it for later queries if that is worth it. */
  find(x: number, y: number): number;
}

/** @param k at most the number of points. */
export function createNeighborCells(sites: Sites, k: number): NeighborCells {
  const { x: xs, y: ys, counts, sums: siteSums, size: siteCount } = sites;
  const parts = sites.columnOf.length;
  const cellRoom = Math.min(cellsPerSite * siteCount, maxCells);
  const table = new Int32Array(cellRoom * 4);
  const sums = new Float64Array(cellRoom * parts);
  const listed = new Int32Array(
    Math.max(siteCount, Math.min(listedPerSite * siteCount, maxListed)),
  );
  const { distances, sites: ranked, select, sort } = createRanking(siteCount, counts);
  const low = new Float64Array(siteCount);
  const high = new Float64Array(siteCount);

  // The first cell is the plane: nothing is decided.
  for (let site = 0; site < siteCount; site++) listed[site] = site;
  table[field.size] = siteCount;
  table[field.missing] = k;
  let cellCount = 1;
  let listedCount = siteCount;

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
    if (table[4 * cell + field.size]! > fewSites && shift >= 0) {
      if (child > -patience) table[4 * cell + field.children] = child - 1;
      else cut(cell, column >> (shift + 1), row >> (shift + 1), 2 ** (shift - maxDepth));
    }
    return cell;
  }

  /** @param side of the children. */
  function cut(cell: number, column: number, row: number, side: number): void {
    const size = table[4 * cell + field.size]!;
    if (cellCount + 4 > cellRoom || listedCount + 4 * size > listed.length) return;
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

  /** Decides the parent's undecided sites, as far as possible, for one of its quarters. */
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
    // None of the k nearest is farther: a site that is always farther is none of the k.
    const farthest = rank(high, start, size, missing);
    // At most k can be nearer: a site that is always nearer is one of the k.
    const next = rank(low, start, size, missing + 1);

    for (let part = 0; part < parts; part++) {
      sums[cell * parts + part] = sums[parent * parts + part]!;
    }
    let left = missing;
    let undecided = 0;
    for (let i = 0; i < size; i++) {
      const site = listed[start + i]!;
      if (high[i]! < next) {
        left -= counts[site]!;
        for (let part = 0; part < parts; part++) {
          sums[cell * parts + part]! += siteSums[site * parts + part]!;
        }
      } else if (low[i]! <= farthest) {
        distances[undecided] = low[i]! + high[i]!;
        ranked[undecided++] = site;
      }
    }
    if (left === 0) undecided = 0;
    // Sorted by the centre's distances, they are nearly sorted by those of a query.
    if (undecided <= maxSorted) sort(0, undecided);
    table[4 * cell + field.start] = listedCount;
    table[4 * cell + field.size] = undecided;
    table[4 * cell + field.missing] = left;
    for (let i = 0; i < undecided; i++) listed[listedCount++] = ranked[i]!;
  }

  /** Computes the intervals of listed sites in a cell, with their mean as the fixed point. */
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
      const site = listed[start + i]!;
      const dx = xs[site]! - centerX;
      const dy = ys[site]! - centerY;
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
