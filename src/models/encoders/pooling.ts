import { UserError } from '../../errors.ts';
import { type Output, shapeText } from '../teachers/loaded-model.ts';
import type { Pooling } from './config.ts';
import type { EncoderInput } from './input-batch.ts';

/** Axes of an output: one vector per example, or one per token or position. */
export interface PoolAxes {
  /** Numbers per embedding. */
  readonly dimension: number;
  /** Vectors per example. */
  readonly positions: number;
  /** Whether the numbers of one position are not consecutive: [n, dimension, height, width]. */
  readonly channelsFirst: boolean;
}

/**
 * Reads the axes of an output: [n, dimension], [n, positions, dimension], [n, dimension, height,
 * width], or [n, height, width, dimension].
 *
 * @param input Shows the order of a map of features.
 * @throws UserError for any other shape.
 */
export function poolAxes(
  shape: readonly number[],
  input: Pick<EncoderInput, 'channelsFirst' | 'aspect'>,
  describe: () => string,
): PoolAxes {
  const [, a, b, c] = shape;
  if (shape.length === 2) return { dimension: a!, positions: 1, channelsFirst: false };
  if (shape.length === 3) return { dimension: b!, positions: a!, channelsFirst: false };
  if (shape.length === 4) {
    return isChannelsFirst(shape, input)
      ? { dimension: a!, positions: b! * c!, channelsFirst: true }
      : { dimension: c!, positions: a! * b!, channelsFirst: false };
  }
  throw new UserError(
    `${describe()} is ${shapeText(shape)}: expected one vector per example, token or position`,
    'Set encoder.embeddingName to the output with the embedding.',
  );
}

/**
 * Finds the order of a map: its height and width have about the ratio of those of the images. Swin
 * of timm reads [n, 3, 224, 224] and returns [n, 7, 7, 768]. If both orders fit equally, it is the
 * one of the input.
 */
function isChannelsFirst(
  [, a, b, c]: readonly number[],
  { channelsFirst, aspect }: Pick<EncoderInput, 'channelsFirst' | 'aspect'>,
): boolean {
  const misfit = (height: number, width: number) => Math.abs(Math.log(height / width / aspect));
  const [ifFirst, ifLast] = [misfit(b!, c!), misfit(a!, b!)];
  return ifFirst === ifLast ? channelsFirst : ifFirst < ifLast;
}

/**
 * Makes one vector per example.
 *
 * @param output [n, ...], with `axes`.
 * @param lengths Vectors that count, per example, from the first on. Default: all.
 * @returns [n, dimension]
 */
export function pool(
  { values, shape }: Output,
  axes: PoolAxes,
  pooling: Pooling,
  lengths: readonly number[] | undefined,
): Float32Array {
  const { dimension, positions, channelsFirst } = axes;
  const n = shape[0]!;
  if (positions === 1 || pooling === 'none') return values;
  const pooled = new Float32Array(n * dimension);
  const [step, stride] = channelsFirst ? [1, positions] : [dimension, 1];
  for (let row = 0; row < n; row++) {
    const count = pooling === 'cls' ? 1 : (lengths?.[row] ?? positions);
    const first = row * positions * dimension;
    for (let axis = 0; axis < dimension; axis++) {
      const start = first + axis * stride;
      let total = values[start]!;
      for (let index = 1; index < count; index++) {
        const value = values[start + index * step]!;
        total = pooling === 'max' ? Math.max(total, value) : total + value;
      }
      pooled[row * dimension + axis] = pooling === 'mean' ? total / count : total;
    }
  }
  return pooled;
}

/** Divides each row by its Euclidean length, in place; a row of zeros is unchanged. */
export function normalizeRows(rows: Float32Array, dimension: number): void {
  for (let start = 0; start < rows.length; start += dimension) {
    const row = rows.subarray(start, start + dimension);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) for (let axis = 0; axis < dimension; axis++) row[axis]! /= length;
  }
}
