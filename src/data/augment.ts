import type { Config } from '../config/schema.ts';
import type { Decoded } from './encode.ts';
import type { Features } from './features.ts';
import type { Random } from './random.ts';

/** The random changes that an image may go through while training. */
export type AugmentConfig = Config['student']['augment'];

/**
 * Mirrors an image left and right with probability 1/2, and moves it by -crop to +crop pixels in
 * both directions, as is usual for CIFAR (He et al. 2015, section 4.2: pad, then crop at random).
 * What moves in is the mean colour, which is 0 after normalisation. Rows and vectors stay as they
 * are.
 *
 * @param decoded pixels, [height, width, channels]; not changed.
 * @param random draws up to three numbers; from `randomFor(seed, epoch, position)`.
 */
export function augment(
  decoded: Decoded,
  features: Features,
  { flip, crop }: AugmentConfig,
  random: Random,
): Decoded {
  if (features.kind !== 'image') return decoded;
  const mirrored = flip && random() < 0.5;
  const [down, right] = crop > 0 ? [shift(crop, random), shift(crop, random)] : [0, 0];
  if (!mirrored && down === 0 && right === 0) return decoded;

  const { height, width, channels, mean } = features;
  const padding = mean.map((value) => Math.round(value * 255));
  const moved = new Uint8Array(decoded.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromY = y - down;
      const fromX = (mirrored ? width - 1 - x : x) - right;
      const inside = fromY >= 0 && fromY < height && fromX >= 0 && fromX < width;
      const from = (fromY * width + fromX) * channels;
      for (let channel = 0; channel < channels; channel++, to++) {
        moved[to] = inside ? decoded[from + channel]! : padding[channel]!;
      }
    }
  }
  return moved;
}

/** An integer from -most to most, each equally likely. */
function shift(most: number, random: Random): number {
  return Math.floor(random() * (2 * most + 1)) - most;
}
