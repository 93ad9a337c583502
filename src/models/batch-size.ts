import { product } from '../arrays.ts';

/** Examples per batch that keep a processor busy. */
const maxExamples = 256;
/**
 * Maximum input values per batch: 256 colour images of 64 × 64. A layer with 64 filters per pixel
 * has 20 to 30 times as many values as its input. About three such layers are in memory at a time:
 * 1 GB.
 */
const maxValues = maxExamples * 64 * 64 * 3;

/** Returns the number of examples per batch whose layers fit a function's memory. */
export function batchSizeFor(shape: readonly number[]): number {
  const values = product(shape);
  return Math.max(1, Math.min(maxExamples, Math.floor(maxValues / values)));
}
