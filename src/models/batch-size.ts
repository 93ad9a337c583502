import { product } from '../arrays.ts';

/** Examples that are enough to keep a processor busy. */
const most = 256;
/**
 * Input values at once: 256 images of 64 × 64 in colour. A network widens its input 20 to 30 times (64
 * filters a pixel), and about three such layers are in memory at a time: 1 GB.
 */
const maxValues = most * 64 * 64 * 3;

/** How many examples a network answers at once, so that its layers fit a function's memory. */
export function batchSizeFor(shape: readonly number[]): number {
  const values = product(shape);
  return Math.max(1, Math.min(most, Math.floor(maxValues / values)));
}
