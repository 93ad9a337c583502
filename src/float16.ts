/** Numbers of 16 bits (IEEE 754 binary16), as their bits. */
import { roundToEven } from './arrays.ts';

/** Smallest normal number. */
const smallestNormal = 2 ** -14;
/** Smallest number that is rounded to infinity. */
export const overflow = 65520;

/** Rounds numbers to 16 bits, as NumPy does. */
export function toFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, bitsOf);
}

/** The number of each pattern of bits, [65,536]; made when it is first needed. */
let numbers: Float32Array | undefined;

/** Reads numbers of 16 bits. */
export function fromFloat16(bits: Uint16Array): Float32Array {
  numbers ??= Float32Array.from({ length: 2 ** 16 }, (_, pattern) => numberOf(pattern));
  const result = new Float32Array(bits.length);
  for (let index = 0; index < bits.length; index++) result[index] = numbers[bits[index]!]!;
  return result;
}

function bitsOf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= overflow) return sign | 0x7c00;
  if (size < smallestNormal) return sign | roundToEven(size * 2 ** 24);
  let exponent = Math.floor(Math.log2(size));
  if (2 ** exponent > size) exponent--;
  // A fraction that rounds up to 1 carries into the exponent.
  const fraction = roundToEven((size / 2 ** exponent - 1) * 1024);
  return sign | (((exponent + 15) << 10) + fraction);
}

function numberOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
