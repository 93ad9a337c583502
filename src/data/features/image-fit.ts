/** Fits an image to the pixels of a model, and computes which part of it the model sees. */
import { roundToEven } from '../../arrays.ts';
import { swapRedAndBlue, withChannels } from './image-pixels.ts';
import { type Pixels, type Resampling, type ResizeFilter, resample } from './image-resample.ts';

/** Ways to fit an image to a size, by the name that the config gives them. */
export const resizeFits = ['stretch', 'shortest-side-then-center-crop', 'pad'] as const;
export type ResizeFit = (typeof resizeFits)[number];

interface Size {
  readonly height: number;
  readonly width: number;
}

/** Settings for fitting an image to the pixels of a model. */
export interface Fitting {
  readonly fit: ResizeFit;
  readonly filter: ResizeFilter;
  /** Size to which the image is resized, before the crop. */
  readonly resized: Size;
  /** Size of the model's pixels: the middle of the resized image, or with black around it. */
  readonly seen: Size;
}

/** Settings for the pixels of a model. */
export interface PixelFit extends Fitting {
  readonly channels: 1 | 3;
  readonly channelOrder: 'RGB' | 'BGR';
}

/** Makes the pixels that a model sees: [seen.height, seen.width, channels]. */
export function fitPixels(whole: Pixels, fit: PixelFit): Uint8Array {
  const image = fit.channels === 1 ? withGrey(whole) : whole;
  const placement = placementOf(image, fit);
  const placed = onBlack(resample(image, placement), placement, fit.seen);
  const pixels = withChannels(placed, image.channels, fit.channels);
  if (fit.channelOrder === 'BGR') swapRedAndBlue(pixels);
  return pixels;
}

function withGrey({ data, channels, ...size }: Pixels): Pixels {
  return { ...size, data: withChannels(data, channels, 1), channels: 1 };
}

/** Places pixels in an image of another size; returns them as they are if they fill it. */
function onBlack(
  { data, height, width, channels }: Pixels,
  { top, left }: Placement,
  seen: Size,
): Uint8Array {
  if (height === seen.height && width === seen.width) return data;
  const result = new Uint8Array(seen.height * seen.width * channels);
  for (let row = 0; row < height; row++) {
    const line = data.subarray(row * width * channels, (row + 1) * width * channels);
    result.set(line, ((top + row) * seen.width + left) * channels);
  }
  return result;
}

/** A resize, and the position of its window in the pixels of the model. */
export interface Placement extends Resampling {
  readonly top: number;
  readonly left: number;
}

/** Computes the resize of an image, and the position of its result in the pixels of a model. */
export function placementOf(image: Size, { fit, filter, resized, seen }: Fitting): Placement {
  const { height, width } = sizesByFit[fit](image, resized);
  const rows = middle(height, seen.height);
  const columns = middle(width, seen.width);
  const window = {
    top: rows.from,
    left: columns.from,
    height: rows.length,
    width: columns.length,
  };
  return { filter, height, width, window, top: rows.to, left: columns.to };
}

const sizesByFit: Readonly<Record<ResizeFit, (image: Size, to: Size) => Size>> = {
  stretch: (_, to) => to,
  'shortest-side-then-center-crop': coveringSize,
  pad: containedSize,
};

/**
 * Returns the smallest size of the image's aspect ratio that covers a size. For a square it is that
 * of torchvision's Resize(n); otherwise that of timm's ResizeKeepRatio.
 */
function coveringSize(image: Size, to: Size): Size {
  if (to.height === to.width) {
    const longest = (long: number, short: number) => Math.trunc((to.height * long) / short);
    return image.width <= image.height
      ? { height: longest(image.height, image.width), width: to.width }
      : { height: to.height, width: longest(image.width, image.height) };
  }
  const ratio = Math.min(image.height / to.height, image.width / to.width);
  return { height: roundToEven(image.height / ratio), width: roundToEven(image.width / ratio) };
}

/** Returns the largest size of the image's aspect ratio in a size, as Pillow's ImageOps.contain. */
function containedSize(image: Size, to: Size): Size {
  const aspect = image.width / image.height;
  if (aspect === to.width / to.height) return to;
  return aspect > to.width / to.height
    ? { height: atLeastOne(roundToEven((image.height / image.width) * to.width)), width: to.width }
    : { height: to.height, width: atLeastOne(roundToEven(aspect * to.height)) };
}

function atLeastOne(pixels: number): number {
  return Math.max(1, pixels);
}

/**
 * Centres a line of `size` pixels in a line of `seen`. Crops a longer one as torchvision's
 * CenterCrop does; places a shorter one as Pillow's ImageOps.pad does.
 */
function middle(size: number, seen: number) {
  return size > seen
    ? { from: roundToEven((size - seen) / 2), to: 0, length: seen }
    : { from: 0, to: roundToEven((seen - size) / 2), length: size };
}
