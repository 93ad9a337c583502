/**
 * Resizes pixels as the libraries do that models are trained with, so that a teacher sees the
 * pixels that it has learned.
 *
 * The antialiased filters are Pillow's (src/libImaging/Resample.c), bit for bit: separable, with
 * coefficients of 22 fractional bits, and a rounded byte between the passes. torchvision uses the
 * same filters. libvips' differ by up to several units, because it rounds positions to 1/64 pixel.
 */
import { clamp } from '../../arrays.ts';

/** Filters by the name that the config gives them. */
export const resizeFilters = [
  'lanczos',
  'bicubic',
  'bilinear',
  'bilinear-no-antialias',
  'nearest',
] as const;
export type ResizeFilter = (typeof resizeFilters)[number];

/** Pixels of an image: row-major bytes, [height, width, channels]. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** Grey or RGB. */
  readonly channels: 1 | 3;
}

/** A resize, and the part of its result that is wanted. */
export interface Resampling {
  readonly filter: ResizeFilter;
  readonly height: number;
  readonly width: number;
  readonly window: Window;
}

/** A part of an image. */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Resizes pixels and returns the window of the result; computes nothing outside it.
 * @returns pixels, [window.height, window.width, channels].
 */
export function resample(image: Pixels, to: Resampling): Pixels {
  if (to.filter === 'nearest') return pickNearest(image, to);
  if (to.filter === 'bilinear-no-antialias') return interpolate(image, to);
  const kernel = kernels[to.filter];
  const across = taps(image.width, to.width, to.window.left, to.window.width, kernel);
  const down = taps(image.height, to.height, to.window.top, to.window.height, kernel);
  // Pillow omits a pass that does not change the size. Its taps are then 1, so the bytes agree.
  return isHeightFirst(image, to)
    ? passAcross(passDown(image, down, spanOf(across)), across, { from: 0, end: to.window.height })
    : passDown(passAcross(image, across, spanOf(down)), down, { from: 0, end: to.window.width });
}

/** Returns whether the height is resized first: Pillow 13 does so if it shrinks by far more. */
function isHeightFirst(image: Pixels, { height, width }: Resampling): boolean {
  const [fewerRows, fewerColumns] = [image.height - height, image.width - width];
  return fewerRows > 0 && fewerRows > 2 * fewerColumns;
}

/** A range of rows or columns, [from, end). */
interface Span {
  readonly from: number;
  readonly end: number;
}

/** Returns the input pixels that the taps read. */
function spanOf({ starts, counts }: Taps): Span {
  const last = starts.length - 1;
  return { from: starts[0]!, end: starts[last]! + counts[last]! };
}

/** A filter's kernel, which is 0 at a distance of `support` or more. */
interface Kernel {
  readonly support: number;
  weigh(distance: number): number;
}

const kernels: Readonly<Record<'lanczos' | 'bicubic' | 'bilinear', Kernel>> = {
  bilinear: { support: 1, weigh: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weigh: (x) => cubic(Math.abs(x)) },
  lanczos: { support: 3, weigh: (x) => (-3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Keys' cubic convolution with a = -1/2. */
function cubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** Input pixels that make each output pixel of a line, and their weights. */
interface Taps {
  /** First input pixel, per output pixel. */
  readonly starts: Int32Array;
  /** Number of input pixels, per output pixel. */
  readonly counts: Int32Array;
  /** Weights in units of 2^-precision, `stride` per output pixel. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** Fractional bits of a weight. A sum of 255 times the weights fits 32 bits. */
const precision = 22;
/** One half, which rounds a sum. */
const half = 1 << (precision - 1);

/** Computes the taps of the output pixels [from, from + count) of a line of `size` pixels. */
function taps(input: number, size: number, from: number, count: number, kernel: Kernel): Taps {
  const scale = input / size;
  // Antialiasing: when shrinking, the kernel is as much wider.
  const stretch = Math.max(scale, 1);
  const narrowing = 1 / stretch;
  const support = kernel.support * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Int32Array(count * stride);
  const exact = new Float64Array(stride);
  for (let index = 0; index < count; index++) {
    const center = (from + index + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(input, Math.trunc(center + support + 0.5));
    let total = 0;
    for (let tap = 0; tap < end - start; tap++) {
      exact[tap] = kernel.weigh((tap + start - center + 0.5) * narrowing);
      total += exact[tap]!;
    }
    starts[index] = start;
    counts[index] = end - start;
    for (let tap = 0; tap < end - start; tap++) {
      const fixed = (exact[tap]! / total) * 2 ** precision;
      weights[index * stride + tap] = Math.trunc(fixed + (fixed < 0 ? -0.5 : 0.5));
    }
  }
  return { starts, counts, weights, stride };
}

/** Resizes the width of some rows; the others stay 0. */
function passAcross(image: Pixels, across: Taps, rows: Span): Pixels {
  const { data, height, width, channels } = image;
  const size = across.starts.length;
  const result = new Uint8ClampedArray(height * size * channels);
  const sumRow = channels === 3 ? sumColours : sumGreys;
  for (let row = rows.from; row < rows.end; row++) {
    sumRow(data, row * width * channels, across, result, row * size * channels);
  }
  return { data: new Uint8Array(result.buffer), height, width: size, channels };
}

/** Writes a row. Written out per number of channels, which takes a third of the time of a loop. */
type SumRow = (
  data: Uint8Array,
  row: number,
  across: Taps,
  target: Uint8ClampedArray,
  to: number,
) => void;

const sumColours: SumRow = (data, row, { starts, counts, weights, stride }, target, to) => {
  for (let index = 0; index < starts.length; index++, to += 3) {
    let red = half;
    let green = half;
    let blue = half;
    let from = row + starts[index]! * 3;
    const first = index * stride;
    const end = first + counts[index]!;
    for (let tap = first; tap < end; tap++, from += 3) {
      const weight = weights[tap]!;
      // With `| 0`, the compiled code does not check for overflow: a sixth of the time.
      red = (red + Math.imul(data[from]!, weight)) | 0;
      green = (green + Math.imul(data[from + 1]!, weight)) | 0;
      blue = (blue + Math.imul(data[from + 2]!, weight)) | 0;
    }
    target[to] = red >> precision;
    target[to + 1] = green >> precision;
    target[to + 2] = blue >> precision;
  }
};

const sumGreys: SumRow = (data, row, { starts, counts, weights, stride }, target, to) => {
  for (let index = 0; index < starts.length; index++, to++) {
    let grey = half;
    let from = row + starts[index]!;
    const first = index * stride;
    const end = first + counts[index]!;
    for (let tap = first; tap < end; tap++, from++) grey += Math.imul(data[from]!, weights[tap]!);
    target[to] = grey >> precision;
  }
};

/** Resizes the height of some columns; the others stay 0. */
function passDown(image: Pixels, { starts, counts, weights, stride }: Taps, columns: Span): Pixels {
  const { data, width, channels } = image;
  const line = width * channels;
  const [first, end] = [columns.from * channels, columns.end * channels];
  const result = new Uint8ClampedArray(starts.length * line);
  for (let row = 0; row < starts.length; row++) {
    const [firstTap, endTap] = [row * stride, row * stride + counts[row]!];
    const from = starts[row]! * line;
    const to = row * line;
    let at = first;
    // Four sums at a time stay in registers.
    for (; at + 4 <= end; at += 4) {
      let a = half;
      let b = half;
      let c = half;
      let d = half;
      let pixel = from + at;
      for (let tap = firstTap; tap < endTap; tap++, pixel += line) {
        const weight = weights[tap]!;
        a += Math.imul(data[pixel]!, weight);
        b += Math.imul(data[pixel + 1]!, weight);
        c += Math.imul(data[pixel + 2]!, weight);
        d += Math.imul(data[pixel + 3]!, weight);
      }
      result[to + at] = a >> precision;
      result[to + at + 1] = b >> precision;
      result[to + at + 2] = c >> precision;
      result[to + at + 3] = d >> precision;
    }
    for (; at < end; at++) {
      let sum = half;
      let pixel = from + at;
      for (let tap = firstTap; tap < endTap; tap++, pixel += line) {
        sum += Math.imul(data[pixel]!, weights[tap]!);
      }
      result[to + at] = sum >> precision;
    }
  }
  return { data: new Uint8Array(result.buffer), height: starts.length, width, channels };
}

/** Takes the input pixel in which the centre of each output pixel lies, as Pillow does. */
function pickNearest(image: Pixels, { height, width, window }: Resampling): Pixels {
  const rows = centers(image.height, height, window.top, window.height);
  const columns = centers(image.width, width, window.left, window.width);
  const { data, channels } = image;
  const result = new Uint8Array(rows.length * columns.length * channels);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * image.width + column) * channels;
      for (let channel = 0; channel < channels; channel++) result[to++] = data[from + channel]!;
    }
  }
  return { data: result, height: window.height, width: window.width, channels };
}

/** Adds up steps as Pillow does, so that rounding errors agree where a centre is on an edge. */
function centers(input: number, size: number, from: number, count: number): Int32Array {
  const scale = input / size;
  const all = new Int32Array(from + count);
  let center = scale * 0.5;
  for (let index = 0; index < all.length; index++) {
    all[index] = Math.min(input - 1, Math.trunc(center));
    center += scale;
  }
  return all.subarray(from);
}

/**
 * Interpolates between the four nearest pixels, also when shrinking, as TensorFlow's
 * `tf.image.resize` and OpenCV's INTER_LINEAR do. Pixel centres are at half-integers. TensorFlow
 * returns floats; these are rounded to bytes.
 */
function interpolate(image: Pixels, { height, width, window }: Resampling): Pixels {
  const { data, channels } = image;
  const rows = neighbors(image.height, height, window.top, window.height);
  const columns = neighbors(image.width, width, window.left, window.width);
  const result = new Uint8Array(rows.length * columns.length * channels);
  let to = 0;
  for (const row of rows) {
    const upper = row.low * image.width;
    const lower = row.high * image.width;
    for (const { low, high, share } of columns) {
      for (let channel = 0; channel < channels; channel++) {
        const at = (line: number, column: number) => data[(line + column) * channels + channel]!;
        const above = at(upper, low) + (at(upper, high) - at(upper, low)) * share;
        const below = at(lower, low) + (at(lower, high) - at(lower, low)) * share;
        result[to++] = Math.round(above + (below - above) * row.share);
      }
    }
  }
  return { data: result, height: window.height, width: window.width, channels };
}

/** Returns the two input pixels around each output pixel, and the share of the second. */
function neighbors(input: number, size: number, from: number, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const position = (from + index + 0.5) * (input / size) - 0.5;
    const low = Math.floor(position);
    const inside = (pixel: number) => clamp(pixel, 0, input - 1);
    return { low: inside(low), high: inside(low + 1), share: position - low };
  });
}
