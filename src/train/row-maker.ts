import type { Decoded, NumberRows } from '../data/features/kind.ts';
import { openAugmentThreads } from './augment-threads.ts';
import { type AugmentOptions, createExampleWriter } from './example-writer.ts';

/** A decoded example: from `start` on. */
export interface DecodedPart {
  readonly decoded: Decoded;
  readonly start: number;
}

/** Maker of the numbers of a batch, augmented and normalized. */
export interface RowMaker {
  /** Number of batches that threads make at the same time; 0 without threads. */
  readonly parallel: number;
  /**
   * Makes the rows of a batch. The examples are free when it returns.
   * @param first position of the first example in the epoch.
   */
  make(
    parts: readonly DecodedPart[],
    epoch: number,
    first: number,
  ): NumberRows | Promise<NumberRows>;
  close(): Promise<void>;
}

/** Opens a maker, with threads if the augmentation is slow. Both make the same numbers. */
export function openRowMaker(options: AugmentOptions & { readonly batchSize: number }): RowMaker {
  const { features, augment, seed, batchSize } = options;
  const { length, isSlow, write } = createExampleWriter(options);
  const settings = { features, augment, seed };
  const threads = isSlow ? openAugmentThreads(settings, 4 * batchSize * length) : undefined;
  return {
    parallel: threads?.count ?? 0,
    make(parts, epoch, first) {
      const n = parts.length;
      if (threads) {
        // Only images are slow, and their pixels are bytes.
        const decoded = new Uint8Array(n * length);
        for (const [row, { decoded: from, start }] of parts.entries()) {
          decoded.set(from.subarray(start, start + length), row * length);
        }
        return threads.augment({ decoded, epoch, first }).then((values) => ({ n, values }));
      }
      const values = new Float32Array(n * length);
      for (const [row, { decoded, start }] of parts.entries()) {
        write(decoded, start, values, row, epoch, first + row);
      }
      return { n, values };
    },
    async close() {
      await threads?.close();
    },
  };
}
