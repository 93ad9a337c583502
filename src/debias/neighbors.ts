/**
 * k-nearest-neighbour regression in the plane of teacher margin × student margin. Estimates error
 * probability and distortion from the validation points around an example (after Iliopoulos et al.,
 * NeurIPS 2022).
 *
 *   mean(q) = ( Σ_{nearer} value_i + (k − m)/t · Σ_{tied} value_i ) / k
 *
 * nearer: the m points at less than the k-th smallest distance from q; tied: the t points at
 * exactly that distance. The tied points share the remaining k − m equally. So the order of the
 * points does not matter, and doubling both the points and k changes nothing.
 *
 * The result is exact. A query falls into a cell of the plane, and computes only the part that is
 * not the same for all queries there (`neighbor-cells.ts`). The result depends on the points, k and
 * the query alone, to the bit.
 */
import { createNeighborCells, field } from './neighbor-cells.ts';
import { mergeSites, type Plane } from './neighbor-sites.ts';
import { createRanking } from './ranking.ts';

/**
 * Writes the mean of each column over the k nearest neighbours of (x, y) to `means`, [columns].
 * Neither x nor y may be NaN. Queries outside [0, 1] are slow.
 */
export type NeighborMeans = (x: number, y: number, means: Float64Array) => void;

/**
 * Creates the regression. Takes about 6 kB per point, at most 20 MB.
 *
 * @param neighbors k ≥ 1; clipped to the number of points.
 * @throws RangeError if there are no points or k < 1.
 */
export function createNeighborMeans(plane: Plane, neighbors: number): NeighborMeans {
  if (plane.x.length === 0) throw new RangeError('expected at least one point');
  if (!(neighbors >= 1)) throw new RangeError(`expected at least 1 neighbor, got ${neighbors}`);
  const k = Math.min(neighbors, plane.x.length);
  const sites = mergeSites(plane);
  const { x: xs, y: ys, counts, sums, columnOf } = sites;
  const { table, listed, sums: ready, find } = createNeighborCells(sites, k);
  const { distances, sites: ranked, select } = createRanking(sites.size, counts);
  const parts = columnOf.length;
  /** [parts], exact except for the share of the tied points. */
  const near = new Float64Array(parts);

  /** Adds the nearest of the cell's undecided sites, `missing` points, to `near`. */
  function settle(cell: number, missing: number, x: number, y: number): void {
    const start = table[4 * cell + field.start]!;
    const size = table[4 * cell + field.size]!;
    for (let i = 0; i < size; i++) {
      const site = listed[start + i]!;
      const dx = x - xs[site]!;
      const dy = y - ys[site]!;
      distances[i] = dx * dx + dy * dy;
      ranked[i] = site;
    }
    const radius = select(size, missing);
    let nearer = 0;
    let tied = 0;
    let lastTied = 0;
    for (let i = 0; i < size; i++) {
      const site = ranked[i]!;
      if (distances[i]! < radius) {
        nearer += counts[site]!;
        for (let part = 0; part < parts; part++) near[part]! += sums[site * parts + part]!;
      } else if (distances[i] === radius) {
        tied += counts[site]!;
        lastTied = site;
      }
    }
    const share = (missing - nearer) / tied;
    const isAlone = counts[lastTied] === tied;
    for (let part = 0; part < parts; part++) {
      const sum = isAlone ? sums[lastTied * parts + part]! : tiedSum(size, radius, part);
      near[part]! += share * sum;
    }
  }

  function tiedSum(size: number, radius: number, part: number): number {
    let sum = 0;
    for (let i = 0; i < size; i++) {
      if (distances[i] === radius) sum += sums[ranked[i]! * parts + part]!;
    }
    return sum;
  }

  return (x, y, means) => {
    const cell = find(x, y);
    for (let part = 0; part < parts; part++) near[part] = ready[cell * parts + part]!;
    const missing = table[4 * cell + field.missing]!;
    if (missing > 0) settle(cell, missing, x, y);
    means.fill(0);
    for (let part = 0; part < parts; part++) means[columnOf[part]!]! += near[part]!;
    for (let column = 0; column < means.length; column++) means[column]! /= k;
  };
}
