/** Arithmetic on lists of numbers. */

/** Returns the sum of the values; 0 for none. */
export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Returns the mean of the values; 0 for none. */
export function mean(values: readonly number[] | Float64Array): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

/** Returns the product of the values, such as the number of elements of a shape; 1 for none. */
export function product(values: Iterable<number>): number {
  let result = 1;
  for (const value of values) result *= value;
  return result;
}

/** Puts arrays together, one after another. */
export function concatenate(parts: readonly Float32Array[]): Float32Array {
  return fill(new Float32Array(lengthOf(parts)), parts);
}

/** Puts bytes together, one part after another, in memory of their own. */
export function concatenateBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return fill(new Uint8Array(lengthOf(parts)), parts);
}

function lengthOf(parts: readonly ArrayLike<number>[]): number {
  return sum(parts.map(({ length }) => length));
}

function fill<Whole extends Float32Array | Uint8Array>(
  whole: Whole,
  parts: readonly ArrayLike<number>[],
): Whole {
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Returns the index of the largest value; of equal ones, the first. */
export function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Returns the nearest value in [low, high]. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** Rounds as Python does: a half to the even neighbour. */
export function roundToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
