import { clamp } from '../arrays.ts';

/**
 * Isotonic regression: the non-decreasing function with the least squared distance to the points.
 * Computed by pooling adjacent violators (Barlow et al., "Statistical Inference under Order
 * Restrictions", 1972). It is linear between the points and constant outside of them, as in
 * scikit-learn.
 */

/** Consecutive points that share one value. */
export interface IsotonicBlock {
  /** The x of its first and of its last point. */
  readonly first: number;
  readonly last: number;
  /** Mean of its y: the value of the function. */
  readonly mean: number;
  /** Number of its points. */
  readonly count: number;
}

/**
 * Fits the function.
 *
 * @param x [n], n ≥ 1, in any order.
 * @param y [n]; the values of equal x are averaged.
 * @param bounds [low, high] to which the function is clipped.
 * @throws RangeError if there are no points, or the lengths differ.
 * @example isotonicRegression([0, 1], [0, 1], [0, 1])(0.5); // 0.5
 */
export function isotonicRegression(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  [low, high]: readonly [low: number, high: number],
): (x: number) => number {
  const blocks = isotonicBlocks(x, y);
  const xs: number[] = [];
  const ys: number[] = [];
  for (const { first, last, mean } of blocks) {
    const value = clamp(mean, low, high);
    for (const end of first === last ? [first] : [first, last]) {
      xs.push(end);
      ys.push(value);
    }
  }
  return (at) => interpolate(xs, ys, at);
}

/**
 * Fits the function, as blocks in increasing order of x and of their means.
 *
 * @param x [n], n ≥ 1, in any order.
 * @param y [n]; the values of equal x are averaged.
 * @throws RangeError if there are no points, or the lengths differ.
 * @example isotonicBlocks([0, 1, 2], [0, 1, 0]); // means 0 (x = 0) and 0.5 (x from 1 to 2)
 */
export function isotonicBlocks(x: ArrayLike<number>, y: ArrayLike<number>): IsotonicBlock[] {
  if (x.length === 0 || x.length !== y.length) {
    throw new RangeError(`expected points, got ${x.length} x and ${y.length} y`);
  }
  return pool(distinct(x, y));
}

/** Returns one block per distinct x, in increasing order. */
function distinct(x: ArrayLike<number>, y: ArrayLike<number>): IsotonicBlock[] {
  const order = Array.from({ length: x.length }, (_, i) => i).sort((a, b) => x[a]! - x[b]!);
  const blocks: IsotonicBlock[] = [];
  for (const i of order) {
    const point = { first: x[i]!, last: x[i]!, mean: y[i]!, count: 1 };
    const before = blocks.at(-1);
    if (before?.last === point.first) blocks[blocks.length - 1] = merge(before, point);
    else blocks.push(point);
  }
  return blocks;
}

function pool(points: readonly IsotonicBlock[]): IsotonicBlock[] {
  const blocks: IsotonicBlock[] = [];
  for (const point of points) {
    let block = point;
    while (blocks.length > 0 && blocks.at(-1)!.mean >= block.mean) {
      block = merge(blocks.pop()!, block);
    }
    blocks.push(block);
  }
  return blocks;
}

function merge(left: IsotonicBlock, right: IsotonicBlock): IsotonicBlock {
  const count = left.count + right.count;
  const mean = (left.mean * left.count + right.mean * right.count) / count;
  return { first: left.first, last: right.last, mean, count };
}

/**
 * Interpolates linearly.
 *
 * @param xs increasing.
 */
function interpolate(xs: readonly number[], ys: readonly number[], at: number): number {
  let [left, right] = [0, xs.length - 1];
  if (!(at > xs[left]!)) return ys[left]!;
  if (at >= xs[right]!) return ys[right]!;
  while (right - left > 1) {
    const middle = (left + right) >> 1;
    if (xs[middle]! <= at) left = middle;
    else right = middle;
  }
  const share = (at - xs[left]!) / (xs[right]! - xs[left]!);
  return ys[left]! + share * (ys[right]! - ys[left]!);
}
