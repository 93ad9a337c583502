/**
 * Converts integers to 32 bits. An Int32Array would silently wrap larger ones.
 *
 * @throws RangeError with the first integer that does not fit.
 * @example toInt32([1, 2_147_483_648]); // RangeError: 2147483648 does not fit …
 */
export function toInt32(values: readonly number[]): Int32Array {
  const result = Int32Array.from(values);
  const wrapped = values.find((value, index) => value !== result[index]);
  if (wrapped === undefined) return result;
  throw new RangeError(`${wrapped} does not fit the 32 bits in which the model is given integers`);
}
