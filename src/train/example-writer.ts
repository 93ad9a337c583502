import { product } from '../arrays.ts';
import type { AugmentConfig } from '../data/features/augment-config.ts';
import { createAugmenter, type Features, featureShape } from '../data/features/index.ts';
import type { Decoded } from '../data/features/kind.ts';
import { randomFor } from '../data/random.ts';

/** Inputs that determine the numbers of augmented examples, besides the examples. */
export interface AugmentOptions {
  readonly features: Features;
  readonly augment: AugmentConfig;
  readonly seed: number;
}

/** Writer of augmented and normalized examples. */
export interface ExampleWriter {
  /** Numbers per example. */
  readonly length: number;
  /** Whether an example takes as long as a small network's step. */
  readonly isSlow: boolean;
  /**
   * Writes one example to a row of `values`.
   * @param decoded the decoded example, from `start` on.
   * @param position of the example in the epoch, which seeds its random numbers.
   */
  write(
    decoded: Decoded,
    start: number,
    values: Float32Array,
    row: number,
    epoch: number,
    position: number,
  ): void;
}

export function createExampleWriter({ features, augment, seed }: AugmentOptions): ExampleWriter {
  const length = product(featureShape(features));
  const { write, isRandom, isSlow = false } = createAugmenter(features, augment);
  const none = () => 0;
  return {
    ...{ length, isSlow },
    write(decoded, start, values, row, epoch, position) {
      const random = isRandom ? randomFor(seed, epoch, position) : none;
      write(decoded, start, values, row * length, random);
    },
  };
}
