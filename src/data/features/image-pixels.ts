/** Converts the channels of pixels. */

/**
 * Converts colours to grey by ITU-R 601: 0.299 R + 0.587 G + 0.114 B, in Pillow's fixed-point
 * arithmetic (`convert('L')`). OpenCV, torchvision and tf.image use the same weights. Equal
 * channels keep their value.
 * @param pixels [n, 3]
 * @returns [n]
 */
function greyOf(pixels: Uint8Array): Uint8Array {
  const grey = new Uint8Array(pixels.length / 3);
  for (let index = 0, at = 0; index < grey.length; index++, at += 3) {
    const weighted = pixels[at]! * 19595 + pixels[at + 1]! * 38470 + pixels[at + 2]! * 7471;
    grey[index] = (weighted + 0x8000) >> 16;
  }
  return grey;
}

/**
 * Converts pixels to the channels that a model reads. Further channels are dropped.
 * @param pixels [n, has]
 * @returns [n, wanted]
 */
export function withChannels(pixels: Uint8Array, has: number, wanted: 1 | 3): Uint8Array {
  if (has === wanted) return pixels;
  if (wanted === 1 && has === 3) return greyOf(pixels);
  const size = pixels.length / has;
  const result = new Uint8Array(size * wanted);
  for (let index = 0; index < result.length; index++) {
    result[index] = pixels[Math.floor(index / wanted) * has + Math.min(index % wanted, has - 1)]!;
  }
  return result;
}

/** Swaps the first and the third of three channels, in place. */
export function swapRedAndBlue(pixels: Uint8Array): void {
  for (let at = 0; at < pixels.length; at += 3) {
    const red = pixels[at]!;
    pixels[at] = pixels[at + 2]!;
    pixels[at + 2] = red;
  }
}

/**
 * Converts CMYK to RGB as Pillow does, without a profile.
 * @param pixels [n, 4]; 255 is full ink.
 * @returns [n, 3]
 */
export function rgbOfCmyk(pixels: Uint8Array): Uint8Array {
  const result = new Uint8Array((pixels.length / 4) * 3);
  for (let from = 0, to = 0; from < pixels.length; from += 4, to += 3) {
    const white = 255 - pixels[from + 3]!;
    for (let ink = 0; ink < 3; ink++) {
      // Division by 255, rounded, in Pillow's arithmetic.
      const product = pixels[from + ink]! * white + 128;
      result[to + ink] = Math.max(0, white - (((product >> 8) + product) >> 8));
    }
  }
  return result;
}
