/** valid: none. same: zeros, so that the output has a position per stride; more at the end. */
export type WindowPadding = 'valid' | 'same';

/** One axis of a sliding window. */
interface Axis {
  readonly size: number;
  readonly window: number;
  readonly stride: number;
  /** Distance of the pixels that the window reads. */
  readonly dilation: number;
}

/**
 * Computes the padding of TensorFlow before and after an axis.
 * @see https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
 */
export function paddingOf(
  { size, window, stride, dilation }: Axis,
  padding: WindowPadding,
): readonly [before: number, after: number] {
  if (padding === 'valid') return [0, 0];
  const reach = (window - 1) * dilation + 1;
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}
