/**
 * k-nearest-neighbour regression in the plane: how error probability and distortion are estimated
 * from the validation points around an example (after Iliopoulos et al., NeurIPS 2022; the plane is
 * teacher margin × student margin).
 *
 *   mean(q) = ( Σ_{nearer} value_i + (k − m)/t · Σ_{tied} value_i ) / k
 *
 * nearer: the m points at less than the k-th smallest distance from q; tied: the t points exactly at
 * it. The tied ones share the places that are left equally, so the order of the points does not
 * matter, and doubling both the points and k changes nothing.
 *
 * Exact, by a k-d tree (Bentley 1975). Points at the same place are merged first: margins of exactly
 * 1 are common, and thousands of them then cost one visit.
 */

export interface Plane {
  /** [n] */
  readonly x: Float32Array;
  /** [n] */
  readonly y: Float32Array;
  /** What is averaged: columns of [n]. */
  readonly columns: readonly Float64Array[];
}

/**
 * Writes the mean of each column over the k nearest neighbours of (x, y) to `means`, [columns].
 * Allocates nothing. x and y must be numbers, not NaN.
 */
export type NeighborMeans = (x: number, y: number, means: Float64Array) => void;

/** Below this many points, looking at all is quicker than dividing further. */
const leafSize = 8;

/**
 * @param neighbors k ≥ 1; clipped to the number of points.
 * @throws RangeError when there are no points or k < 1.
 */
export function createNeighborMeans(plane: Plane, neighbors: number): NeighborMeans {
  if (plane.x.length === 0) throw new RangeError('expected at least one point');
  if (!(neighbors >= 1)) throw new RangeError(`expected at least 1 neighbor, got ${neighbors}`);
  const k = Math.min(neighbors, plane.x.length);
  const { x: xs, y: ys, counts, sums, size, dividesX, dividers } = buildTree(plane);
  const columnCount = plane.columns.length;

  // The query, and the state of its search.
  let queryX = 0;
  let queryY = 0;
  /** Squared distance of the k-th nearest point so far; Infinity before there are k. */
  let radius = Infinity;
  /** Heap of candidates, the farthest on top: without the top one they are fewer than k. */
  const heapDistances = new Float64Array(k + 1);
  const heapPoints = new Int32Array(k + 1);
  let heapSize = 0;
  /** How many points the heap stands for, merged ones counted each. */
  let held = 0;
  /** Sums over the points exactly at the radius that are not in the heap. */
  const tiedSums = new Float64Array(columnCount);
  let tied = 0;

  /** Looks at the points start ≤ i < end; (gapX, gapY) leads from the query to their box. */
  function search(start: number, end: number, gapX: number, gapY: number): void {
    // Not ≥: a point exactly at the radius counts. Rounding cannot hide one, since subtraction,
    // squares and sums are monotone in floating point too.
    if (gapX * gapX + gapY * gapY > radius) return;
    if (end - start <= leafSize) {
      for (let i = start; i < end; i++) {
        const dx = queryX - xs[i]!;
        const dy = queryY - ys[i]!;
        const distance = dx * dx + dy * dy;
        if (distance < radius) insert(i, distance);
        else if (distance === radius) tie(i);
      }
      return;
    }
    const middle = (start + end) >>> 1;
    const divider = dividers[middle]!;
    if (dividesX[middle] === 1) {
      const gap = queryX - divider;
      if (gap < 0) {
        search(start, middle, gapX, gapY);
        search(middle, end, gap, gapY);
      } else {
        search(middle, end, gapX, gapY);
        search(start, middle, gap, gapY);
      }
    } else {
      const gap = queryY - divider;
      if (gap < 0) {
        search(start, middle, gapX, gapY);
        search(middle, end, gapX, gap);
      } else {
        search(middle, end, gapX, gapY);
        search(start, middle, gapX, gap);
      }
    }
  }

  function insert(point: number, distance: number): void {
    push(point, distance);
    held += counts[point]!;
    while (held - counts[heapPoints[0]!]! >= k) {
      const farthest = heapPoints[0]!;
      const farthestDistance = heapDistances[0]!;
      pop();
      held -= counts[farthest]!;
      if (heapDistances[0] === farthestDistance) {
        tie(farthest);
      } else {
        tiedSums.fill(0);
        tied = 0;
      }
    }
    if (held >= k) radius = heapDistances[0]!;
  }

  function tie(point: number): void {
    for (let c = 0; c < columnCount; c++) tiedSums[c]! += sums[point * columnCount + c]!;
    tied += counts[point]!;
  }

  function push(point: number, distance: number): void {
    let hole = heapSize++;
    while (hole > 0) {
      const parent = (hole - 1) >>> 1;
      if (heapDistances[parent]! >= distance) break;
      heapDistances[hole] = heapDistances[parent]!;
      heapPoints[hole] = heapPoints[parent]!;
      hole = parent;
    }
    heapDistances[hole] = distance;
    heapPoints[hole] = point;
  }

  function pop(): void {
    const distance = heapDistances[--heapSize]!;
    const point = heapPoints[heapSize]!;
    let hole = 0;
    for (let child = 1; child < heapSize; child = 2 * hole + 1) {
      if (child + 1 < heapSize && heapDistances[child + 1]! > heapDistances[child]!) child++;
      if (heapDistances[child]! <= distance) break;
      heapDistances[hole] = heapDistances[child]!;
      heapPoints[hole] = heapPoints[child]!;
      hole = child;
    }
    heapDistances[hole] = distance;
    heapPoints[hole] = point;
  }

  return (x, y, means) => {
    queryX = x;
    queryY = y;
    radius = Infinity;
    heapSize = 0;
    held = 0;
    tied = 0;
    tiedSums.fill(0);
    search(0, size, 0, 0);

    means.fill(0);
    let nearer = 0;
    for (let h = 0; h < heapSize; h++) {
      const point = heapPoints[h]!;
      if (heapDistances[h] === radius) {
        tie(point);
      } else {
        for (let c = 0; c < columnCount; c++) means[c]! += sums[point * columnCount + c]!;
        nearer += counts[point]!;
      }
    }
    const share = (k - nearer) / tied;
    for (let c = 0; c < columnCount; c++) means[c] = (means[c]! + share * tiedSums[c]!) / k;
  };
}

/**
 * A balanced k-d tree without pointers: the node of the points start ≤ i < end has its children on
 * both sides of the middle, which no other node has as its middle.
 */
interface Tree {
  /** Different places in the plane. */
  readonly size: number;
  /** [size] */
  readonly x: Float64Array;
  /** [size] */
  readonly y: Float64Array;
  /** [size], how many points are at the place. */
  readonly counts: Float64Array;
  /** [size, columns], sums of their values. */
  readonly sums: Float64Array;
  /** [size], at a node's middle: 1 when it divides along x, 0 along y. */
  readonly dividesX: Uint8Array;
  /** [size], at a node's middle: the coordinate that divides it, ≤ it before and ≥ it from there. */
  readonly dividers: Float64Array;
}

function buildTree({ x, y, columns }: Plane): Tree {
  const order = Int32Array.from(x, (_, i) => i);
  order.sort((a, b) => x[a]! - x[b]! || y[a]! - y[b]!);
  // The first point of each place, in that order: places[j] is an index into `order`.
  const firsts: number[] = [];
  order.forEach((point, i) => {
    const before = order[i - 1];
    if (before === undefined || x[before] !== x[point] || y[before] !== y[point]) firsts.push(i);
  });

  const size = firsts.length;
  const places = Int32Array.from(firsts, (_, place) => place);
  const placeX = Float64Array.from(firsts, (first) => x[order[first]!]!);
  const placeY = Float64Array.from(firsts, (first) => y[order[first]!]!);
  const dividesX = new Uint8Array(size);
  const dividers = new Float64Array(size);
  /** Puts places[start..end) into the tree's order, dividing along the side on which they spread. */
  function divide(start: number, end: number): void {
    if (end - start <= leafSize) return;
    const middle = (start + end) >>> 1;
    const node = places.subarray(start, end);
    const alongX = spread(node, placeX) >= spread(node, placeY);
    const along = alongX ? placeX : placeY;
    node.sort((a, b) => along[a]! - along[b]!);
    dividesX[middle] = alongX ? 1 : 0;
    dividers[middle] = along[places[middle]!]!;
    divide(start, middle);
    divide(middle, end);
  }
  divide(0, size);

  const counts = new Float64Array(size);
  const sums = new Float64Array(size * columns.length);
  places.forEach((place, node) => {
    const end = firsts[place + 1] ?? order.length;
    for (let i = firsts[place]!; i < end; i++) {
      counts[node]!++;
      columns.forEach((column, c) => {
        sums[node * columns.length + c]! += column[order[i]!]!;
      });
    }
  });
  return {
    size,
    x: Float64Array.from(places, (place) => placeX[place]!),
    y: Float64Array.from(places, (place) => placeY[place]!),
    counts,
    sums,
    dividesX,
    dividers,
  };
}

function spread(places: Int32Array, coordinates: Float64Array): number {
  let low = Infinity;
  let high = -Infinity;
  for (const place of places) {
    low = Math.min(low, coordinates[place]!);
    high = Math.max(high, coordinates[place]!);
  }
  return high - low;
}
