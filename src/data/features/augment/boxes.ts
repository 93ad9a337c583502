/** Random parts of an image, drawn as torchvision draws them. */
import { clamp } from '../../../arrays.ts';
import type { Random } from '../../random.ts';
import type { Window } from '../image-resample.ts';

/** Ranges from which a part is drawn. */
export interface BoxRanges {
  /** Area, as a share of the image. */
  readonly scale: readonly [low: number, high: number];
  /** Aspect ratio. */
  readonly ratio: readonly [low: number, high: number];
}

/** Number of draws until a part fits the image, as in torchvision. */
const tries = 10;

/**
 * Draws the part of an image that is enlarged, as torchvision's `RandomResizedCrop.get_params`
 * (Szegedy et al. 2015, "Going deeper with convolutions", section 6). If no draw fits, it is the
 * largest centred part within the range of ratios.
 *
 * @param ranges the ratio is width divided by height.
 */
export function drawCrop(height: number, width: number, ranges: BoxRanges, random: Random): Window {
  for (let attempt = 0; attempt < tries; attempt++) {
    const { long: columns, short: rows } = drawSides(height * width, ranges, random);
    if (columns < 1 || columns > width || rows < 1 || rows > height) continue;
    return placed(height, width, rows, columns, random);
  }
  const ratio = clamp(width / height, ...ranges.ratio);
  const columns = Math.min(width, Math.max(1, Math.round(height * ratio)));
  const rows = Math.min(height, Math.max(1, Math.round(width / ratio)));
  return {
    top: Math.floor((height - rows) / 2),
    left: Math.floor((width - columns) / 2),
    height: rows,
    width: columns,
  };
}

/**
 * Draws the part of an image that is erased, as torchvision's `RandomErasing.get_params` (Zhong et
 * al. 2017, "Random erasing data augmentation", algorithm 1).
 *
 * @param ranges the ratio is height divided by width.
 * @returns undefined if no draw fits.
 */
export function drawErased(
  height: number,
  width: number,
  ranges: BoxRanges,
  random: Random,
): Window | undefined {
  for (let attempt = 0; attempt < tries; attempt++) {
    const { long: rows, short: columns } = drawSides(height * width, ranges, random);
    if (rows < height && columns < width) return placed(height, width, rows, columns, random);
  }
  return undefined;
}

/** Draws two sides: the ratio of the first to the second is log-uniform. */
function drawSides(area: number, { scale, ratio }: BoxRanges, random: Random) {
  const target = area * between(scale, random);
  const aspect = Math.exp(between([Math.log(ratio[0]), Math.log(ratio[1])], random));
  return {
    long: Math.round(Math.sqrt(target * aspect)),
    short: Math.round(Math.sqrt(target / aspect)),
  };
}

/** Draws a number from a range, uniformly. */
export function between([low, high]: readonly [number, number], random: Random): number {
  return low + (high - low) * random();
}

/** Draws the position of a part, uniformly. */
function placed(
  height: number,
  width: number,
  rows: number,
  columns: number,
  random: Random,
): Window {
  const top = Math.floor(random() * (height - rows + 1));
  const left = Math.floor(random() * (width - columns + 1));
  return { top, left, height: rows, width: columns };
}
