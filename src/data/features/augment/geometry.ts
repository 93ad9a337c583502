/** Changes of the shapes in an image, in place, as torchvision makes them on tensors. */
import type { Pixels } from '../image-resample.ts';
import { blend, type PixelOperation } from './colors.ts';

/**
 * Map from an output pixel to a point in the input, both as column x and row y from the centre of
 * the image: x' = a x + b y + c and y' = d x + e y + f.
 */
interface Affine {
  readonly across: readonly [a: number, b: number, c: number];
  readonly down: readonly [d: number, e: number, f: number];
}

/** Moves pixels along an axis: the nearest pixel of each point, or `fill` outside the image. */
type Move = (image: Pixels, amount: number, fill: readonly number[]) => void;

/** Moves each row to the left, by an amount per row from the top edge on. */
export const shearX: Move = (image, amount, fill) => {
  const across = [1, amount, (amount * image.height) / 2] as const;
  move(image, { across, down: [0, 1, 0] }, fill);
};

/** Moves each column up, by an amount per column from the left edge on. */
export const shearY: Move = (image, amount, fill) => {
  const down = [amount, 1, (amount * image.width) / 2] as const;
  move(image, { across: [1, 0, 0], down }, fill);
};

/** Moves the image to the right by whole pixels. */
export const translateX: Move = (image, amount, fill) => {
  move(image, { across: [1, 0, -Math.trunc(amount)], down: [0, 1, 0] }, fill);
};

/** Moves the image down by whole pixels. */
export const translateY: Move = (image, amount, fill) => {
  move(image, { across: [1, 0, 0], down: [0, 1, -Math.trunc(amount)] }, fill);
};

/** Rotates the image counter-clockwise, by degrees. */
export const rotate: Move = (image, degrees, fill) => {
  const angle = (degrees * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  move(image, { across: [cosine, -sine, 0], down: [sine, cosine, 0] }, fill);
};

function move(image: Pixels, { across, down }: Affine, fill: readonly number[]): void {
  const { data, height, width, channels } = image;
  const source = data.slice();
  const [a, b, c] = across;
  const [d, e, f] = down;
  // From centres of pixels to their indices; half a pixel more, because Math.floor then rounds.
  const [middleX, middleY] = [width / 2, height / 2];
  let to = 0;
  for (let row = 0; row < height; row++) {
    const y = row + 0.5 - middleY;
    const startX = b * y + c + middleX;
    const startY = e * y + f + middleY;
    for (let column = 0; column < width; column++, to += channels) {
      const x = column + 0.5 - middleX;
      const fromX = Math.floor(a * x + startX);
      const fromY = Math.floor(d * x + startY);
      const isInside = fromX >= 0 && fromX < width && fromY >= 0 && fromY < height;
      const from = (fromY * width + fromX) * channels;
      for (let channel = 0; channel < channels; channel++) {
        data[to + channel] = isInside ? source[from + channel]! : fill[channel]!;
      }
    }
  }
}

/**
 * Moves all values away from those of a blurred image by a factor; 0 gives the blurred image. The
 * border keeps its values.
 */
export const adjustSharpness: PixelOperation = (image, factor) => {
  const { data, height, width, channels } = image;
  if (height <= 2 || width <= 2) return;
  const line = width * channels;
  const source = data.slice();
  const mix = blend(factor);
  // Sums of three pixels in a column.
  const sums = new Int32Array(line);
  for (let row = 1; row < height - 1; row++) {
    const start = row * line;
    for (let at = 0; at < line; at++) {
      const here = start + at;
      sums[at] = source[here - line]! + source[here]! + source[here + line]!;
    }
    for (let at = channels; at < line - channels; at++) {
      const value = source[start + at]!;
      // The kernel has 5 in its middle and 1 around it.
      const sum = sums[at - channels]! + sums[at]! + sums[at + channels]! + 4 * value;
      const blurred = Math.round(sum / 13);
      data[start + at] = mix(value, blurred);
    }
  }
};
