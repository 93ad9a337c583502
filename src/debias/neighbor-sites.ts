/**
 * The points of a plane, merged by location into sites. Margins of exactly 1 are common, and
 * thousands of points at one location then cost as much as one.
 */

/** Points of the plane with their values. */
export interface Plane {
  /** [n] */
  readonly x: Float32Array;
  /** [n] */
  readonly y: Float32Array;
  /** The values to average: columns of [n]. */
  readonly columns: readonly Float64Array[];
}

/** The distinct locations of the points. */
export interface Sites {
  readonly size: number;
  /** [size] */
  readonly x: Float64Array;
  /** [size] */
  readonly y: Float64Array;
  /** [size], the number of points per site. */
  readonly counts: Int32Array;
  /**
   * [size, parts], sums of the points' values. A column is the sum of its parts. Each part is
   * rounded so that its sums over any points are exact, in any order.
   */
  readonly sums: Float64Array;
  /** [parts], the column that each part belongs to. */
  readonly columnOf: readonly number[];
}

/** Merges points with equal coordinates. */
export function mergeSites({ x, y, columns }: Plane): Sites {
  const order = Int32Array.from(x, (_, i) => i);
  order.sort((a, b) => x[a]! - x[b]! || y[a]! - y[b]!);
  /** [points], the site of each. */
  const siteOf = new Int32Array(x.length);
  const firsts: number[] = [];
  order.forEach((point, i) => {
    const before = order[i - 1];
    if (before === undefined || x[before] !== x[point] || y[before] !== y[point]) {
      firsts.push(point);
    }
    siteOf[point] = firsts.length - 1;
  });
  const size = firsts.length;
  const counts = new Int32Array(size);
  for (const site of siteOf) counts[site]!++;
  const parts = columns.flatMap((values, column) =>
    exactParts(values).map((values) => ({ column, values })),
  );
  const sums = new Float64Array(size * parts.length);
  for (const [part, { values }] of parts.entries()) {
    values.forEach((value, point) => {
      sums[siteOf[point]! * parts.length + part]! += value;
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
 * Splits n values into two parts, each of which can be summed over any of the values without
 * rounding. All numbers of a part are multiples of one power of two, large enough that no sum needs
 * more than 53 bits (Rump, Ogita and Oishi 2008, "Accurate floating-point summation"). The
 * remainder after the second part is less than 2^-100 of the largest value, and is dropped.
 */
function exactParts(values: Float64Array): Float64Array[] {
  const parts: Float64Array[] = [];
  let rest = values;
  while (parts.length < 2) {
    const largest = rest.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (largest === 0) break;
    // Adding and subtracting a large number rounds to multiples of its last bit.
    const rounder = 1.5 * 2 ** (Math.ceil(Math.log2(largest * values.length)) + 1);
    const part = rest.map((value) => value + rounder - rounder);
    rest = rest.map((value, i) => value - part[i]!);
    parts.push(part);
  }
  return parts;
}
