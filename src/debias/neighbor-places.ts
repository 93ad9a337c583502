/**
 * The points of a plane, with those at the same place as one: margins of exactly 1 are common, and
 * thousands of them then cost as much as one.
 */

/** Points of the plane, and their values. */
export interface Plane {
  /** [n] */
  readonly x: Float32Array;
  /** [n] */
  readonly y: Float32Array;
  /** What is averaged: columns of [n]. */
  readonly columns: readonly Float64Array[];
}

export interface Places {
  readonly size: number;
  /** [size] */
  readonly x: Float64Array;
  /** [size] */
  readonly y: Float64Array;
  /** [size], how many points are there. */
  readonly counts: Int32Array;
  /**
   * [size, parts], sums of the points' values. A column is the sum of its parts, and each part is
   * rounded so that its sums over any of the points are exact, in whatever order they are made.
   */
  readonly sums: Float64Array;
  /** [parts], the column that each part belongs to. */
  readonly columnOf: readonly number[];
}

export function mergePlaces({ x, y, columns }: Plane): Places {
  const order = Int32Array.from(x, (_, i) => i);
  order.sort((a, b) => x[a]! - x[b]! || y[a]! - y[b]!);
  /** [points], each one's place. */
  const placeOf = new Int32Array(x.length);
  const firsts: number[] = [];
  order.forEach((point, i) => {
    const before = order[i - 1];
    if (before === undefined || x[before] !== x[point] || y[before] !== y[point]) {
      firsts.push(point);
    }
    placeOf[point] = firsts.length - 1;
  });
  const size = firsts.length;
  const counts = new Int32Array(size);
  for (const place of placeOf) counts[place]!++;
  const parts = columns.flatMap((values, column) =>
    exactParts(values).map((values) => ({ column, values })),
  );
  const sums = new Float64Array(size * parts.length);
  for (const [part, { values }] of parts.entries()) {
    values.forEach((value, point) => {
      sums[placeOf[point]! * parts.length + part]! += value;
    });
  }
  return {
    size,
    x: Float64Array.from(firsts, (point) => x[point]!),
    y: Float64Array.from(firsts, (point) => y[point]!),
    counts,
    sums,
    columnOf: parts.map(({ column }) => column),
  };
}

/**
 * Cuts n values into two parts whose sums over any of them are exact: all numbers of a part are
 * multiples of a power of two that is so large that no sum needs more than 53 bits (Rump, Ogita and
 * Oishi 2008, "Accurate floating-point summation"). What is left after the second part is less than
 * 2^-100 of the largest value, and is dropped.
 */
function exactParts(values: Float64Array): Float64Array[] {
  const parts: Float64Array[] = [];
  let rest = values;
  while (parts.length < 2) {
    const largest = rest.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (largest === 0) break;
    // Adding and taking away a large number rounds to multiples of its last bit.
    const rounder = 1.5 * 2 ** (Math.ceil(Math.log2(largest * values.length)) + 1);
    const part = rest.map((value) => value + rounder - rounder);
    rest = rest.map((value, i) => value - part[i]!);
    parts.push(part);
  }
  return parts;
}
