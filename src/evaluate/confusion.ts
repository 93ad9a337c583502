import { z } from 'zod';
import { indexOfLargest } from '../arrays.ts';
import type { Decisions } from '../debias/decisions.ts';

/** Up to this number of classes, `metrics.json` has all counts. */
const maxMatrixClasses = 25;
/** Above this number of classes, nothing is counted: the counts would take over 16 MB per model. */
const maxCountedClasses = 2_048;
/** Maximum number of confusions in `metrics.json`. */
const maxListed = 20;

const natural = z.int().nonnegative();

/** Confusions of one model. Classes are indices. */
export const confusionSchema = z.strictObject({
  counts: z
    .array(z.array(natural))
    .optional()
    .describe('Examples per true class (row) and predicted class (column). Up to 25 classes.'),
  largest: z
    .array(z.strictObject({ truth: natural, predicted: natural, examples: natural }))
    .describe('Pairs of different classes with the most examples, the largest first.'),
});
export type Confusion = z.infer<typeof confusionSchema>;

/** Accumulator of the confusions of several models. */
export interface ConfusionMeter {
  /** Adds an example: its class, and the outputs of each model, [classes]. */
  add(truth: number, outputsByModel: readonly Float32Array[]): void;
  /**
   * Returns the confusions by model; undefined in a multi-label task, or with over 2,048 classes.
   */
  result(): Record<string, Confusion> | undefined;
}

/** Creates an accumulator. Memory: 4 bytes per model and pair of classes. */
export function createConfusionMeter(
  models: readonly string[],
  { isMultiLabel, outputs: n }: Decisions,
): ConfusionMeter {
  if (isMultiLabel || n > maxCountedClasses) return { add: () => {}, result: () => undefined };
  const matrices = models.map(() => new Uint32Array(n * n));
  return {
    add(truth, outputsByModel) {
      outputsByModel.forEach((outputs, model) => {
        matrices[model]![truth * n + indexOfLargest(outputs)]! += 1;
      });
    },
    result: () =>
      Object.fromEntries(models.map((name, model) => [name, confusionOf(matrices[model]!, n)])),
  };
}

/** @param matrix [true classes, predicted classes] */
function confusionOf(matrix: Uint32Array, n: number): Confusion {
  const row = (truth: number) => [...matrix.subarray(truth * n, (truth + 1) * n)];
  let largest: Confusion['largest'] = [];
  for (const [index, examples] of matrix.entries()) {
    const [truth, predicted] = [Math.floor(index / n), index % n];
    if (truth === predicted || examples === 0) continue;
    if (largest.length === maxListed && examples <= largest.at(-1)!.examples) continue;
    largest.push({ truth, predicted, examples });
    largest = largest.sort((a, b) => b.examples - a.examples).slice(0, maxListed);
  }
  if (n > maxMatrixClasses) return { largest };
  return { counts: Array.from({ length: n }, (_, truth) => row(truth)), largest };
}
