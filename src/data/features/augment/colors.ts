/**
 * Changes of the colours of an image, in place: the operations of torchvision
 * (`torchvision.transforms.functional`) on bytes. Each result is truncated to a byte, as there.
 * Most of them replace each value by that of a table.
 */
import { clamp } from '../../../arrays.ts';
import type { Pixels } from '../image-resample.ts';

/** Changes an image in place by an amount. */
export type PixelOperation = (image: Pixels, amount: number) => void;

/** Multiplies all values by a factor. */
export const adjustBrightness: PixelOperation = (image, factor) => {
  const mix = blend(factor);
  replaceAll(image, (value) => mix(value, 0));
};

/** Moves all values away from the image's mean grey by a factor; 0 gives a grey image. */
export const adjustContrast: PixelOperation = (image, factor) => {
  const mean = meanGrey(image);
  const mix = blend(factor);
  replaceAll(image, (value) => mix(value, mean));
};

/** Moves the colours away from grey by a factor; 0 gives a grey image. */
export const adjustSaturation: PixelOperation = ({ data, channels }, factor) => {
  if (channels === 1) return;
  const mix = blend(factor);
  for (let at = 0; at < data.length; at += 3) {
    const grey = greyOf(data, at);
    data[at] = mix(data[at]!, grey);
    data[at + 1] = mix(data[at + 1]!, grey);
    data[at + 2] = mix(data[at + 2]!, grey);
  }
};

/** Rotates the hues by a share of the colour circle, in [-1/2, 1/2]. */
export const adjustHue: PixelOperation = ({ data, channels }, shift) => {
  if (channels === 1) return;
  for (let at = 0; at < data.length; at += 3) {
    const [red, green, blue] = [data[at]!, data[at + 1]!, data[at + 2]!];
    const high = Math.max(red, green, blue);
    const low = Math.min(red, green, blue);
    const span = high - low;
    if (span === 0) continue;
    // Hue in sixths of the circle, in [-1, 5].
    let hue = 0;
    if (high === red) hue = (green - blue) / span;
    else if (high === green) hue = 2 + (blue - red) / span;
    else hue = 4 + (red - green) / span;
    hue += 6 * shift;
    hue -= 6 * Math.floor(hue / 6);
    const sector = Math.floor(hue);
    const within = hue - sector;
    // The middle value rises in even sectors and falls in odd ones; the other two stay.
    const value = sector % 2 === 0 ? low + span * within : high - span * within;
    data[at + highest[sector]!] = high;
    data[at + lowest[sector]!] = low;
    data[at + middles[sector]!] = middle(value);
  }
};

/** Channels of the largest, the smallest and the middle value, per sixth of the colour circle. */
const highest = Uint8Array.of(0, 1, 1, 2, 2, 0);
const lowest = Uint8Array.of(2, 2, 0, 0, 1, 1);
const middles = Uint8Array.of(1, 0, 2, 1, 0, 2);

/** Keeps the upper bits of each value. */
export const posterize: PixelOperation = (image, bits) => {
  const mask = -(2 ** (8 - bits));
  replaceAll(image, (value) => value & mask);
};

/** Inverts all values from a threshold on. */
export const solarize: PixelOperation = (image, threshold) => {
  replaceAll(image, (value) => (value >= threshold ? 255 - value : value));
};

/** Stretches each channel to [0, 255]. */
export function autoContrast(image: Pixels): void {
  replacePerChannel(image, (histogram) => {
    const low = histogram.findIndex((count) => count > 0);
    const high = histogram.findLastIndex((count) => count > 0);
    if (low === high) return undefined;
    const scale = Math.fround(255 / (high - low));
    return (value) => clampByte(Math.fround((value - low) * scale));
  });
}

/** Equalizes the histogram of each channel. */
export function equalize(image: Pixels): void {
  replacePerChannel(image, (histogram) => {
    const last = histogram.findLast((count) => count > 0) ?? 0;
    const total = histogram.reduce((sum, count) => sum + count, 0);
    const step = Math.floor((total - last) / 255);
    if (step === 0) return undefined;
    let below = Math.floor(step / 2);
    const table = Array.from(histogram, (count) => {
      const level = Math.floor(below / step);
      below += count;
      return Math.min(level, 255);
    });
    return (value) => table[value]!;
  });
}

/**
 * Returns the function that mixes a value with another, factor · value + (1 − factor) · other, in
 * float32 as torchvision. The result is truncated to a byte.
 */
export function blend(factor: number): (value: number, other: number) => number {
  const share = Math.fround(factor);
  const rest = Math.fround(1 - factor);
  return (value, other) => {
    const mixed = Math.fround(Math.fround(share * value) + Math.fround(rest * other));
    // Faster than a clamp, in the innermost loop.
    return mixed >= 255 ? 255 : mixed > 0 ? Math.trunc(mixed) : 0;
  };
}

function clampByte(value: number): number {
  return Math.trunc(clamp(value, 0, 255));
}

/** Rounds the middle one of three colour values, as torchvision converts floats to bytes. */
function middle(value: number): number {
  return Math.trunc((value * 255.999) / 255);
}

/** Returns the grey of a pixel, as torchvision's `rgb_to_grayscale`. */
function greyOf(data: Uint8Array, at: number): number {
  return Math.trunc(0.2989 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!);
}

function meanGrey({ data, channels }: Pixels): number {
  let sum = 0;
  if (channels === 1) for (let at = 0; at < data.length; at++) sum += data[at]!;
  else for (let at = 0; at < data.length; at += 3) sum += greyOf(data, at);
  return (sum * channels) / data.length;
}

/** Replaces all values by a function of the value. */
function replaceAll({ data }: Pixels, replace: (value: number) => number): void {
  const table = tableOf(replace);
  for (let at = 0; at < data.length; at++) data[at] = table[data[at]!]!;
}

/**
 * Replaces the values of each channel by a function that its histogram gives; undefined keeps the
 * channel.
 */
function replacePerChannel(
  { data, channels }: Pixels,
  replacement: (histogram: Int32Array) => ((value: number) => number) | undefined,
): void {
  for (let channel = 0; channel < channels; channel++) {
    const histogram = new Int32Array(256);
    for (let at = channel; at < data.length; at += channels) histogram[data[at]!]!++;
    const replace = replacement(histogram);
    if (replace === undefined) continue;
    const table = tableOf(replace);
    for (let at = channel; at < data.length; at += channels) data[at] = table[data[at]!]!;
  }
}

function tableOf(replace: (value: number) => number): Uint8Array {
  const table = new Uint8Array(256);
  for (let value = 0; value < 256; value++) table[value] = replace(value);
  return table;
}
