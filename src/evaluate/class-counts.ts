import { clamp } from '../arrays.ts';
import type { Figure } from './figure.ts';

/** Maximum number of replicates × classes of each count behind a macro average. */
const maxClassCounts = 2 ** 20;

/** Counts of examples per class: in total, and in each replicate of the macro averages. */
export interface ClassCounts {
  /** [classes] */
  readonly total: Float64Array;
  /** [classes, replicates] */
  readonly by: Uint32Array;
  /** Replicates of the macro averages: 1,000 for up to 1,048 classes. */
  readonly replicates: number;
}

/** Creates counts of 0. @param most Largest number of replicates. */
export function createClassCounts(classes: number, most: number): ClassCounts {
  const replicates = clamp(Math.floor(maxClassCounts / classes), 100, most);
  return {
    total: new Float64Array(classes),
    by: new Uint32Array(classes * replicates),
    replicates,
  };
}

/** Counts an example of a class. @param counts How often each replicate has the example. */
export function addToClass(
  { total, by, replicates }: ClassCounts,
  index: number,
  counts: Uint8Array,
): void {
  total[index]! += 1;
  const start = index * replicates;
  for (let r = 0; r < replicates; r++) by[start + r]! += counts[r]!;
}

/**
 * Computes the means of recall and F1 over the classes that have examples.
 *
 * @param found Correctly classified examples per class.
 * @param classified Examples classified as each class.
 * @param support Examples per class.
 */
export function macroFigures(
  found: ClassCounts,
  classified: ClassCounts,
  support: ClassCounts,
): Record<'macroRecall' | 'macroF1', Figure> {
  const recall = (right: number, _: number, examples: number) => right / examples;
  const figure = (score: typeof f1Score): Figure => ({
    value: macroMean(found.total, classified.total, support.total, 1, score)[0]!,
    by: macroMean(found.by, classified.by, support.by, support.replicates, score),
  });
  return { macroRecall: figure(recall), macroF1: figure(f1Score) };
}

/** Returns the F1 score of a class. */
export function f1Score(found: number, classified: number, examples: number): number {
  return (2 * found) / (examples + classified);
}

/**
 * Averages a score over the classes that have examples, per replicate.
 * @param found, classified, support [classes, replicates]
 * @returns [replicates]; NaN for a replicate without examples.
 */
function macroMean(
  found: ArrayLike<number>,
  classified: ArrayLike<number>,
  support: ArrayLike<number>,
  replicates: number,
  score: (right: number, chosen: number, examples: number) => number,
): Float64Array {
  const sums = new Float64Array(replicates);
  const classes = new Float64Array(replicates);
  for (let i = 0; i < support.length; i++) {
    if (support[i] === 0) continue;
    sums[i % replicates]! += score(found[i]!, classified[i]!, support[i]!);
    classes[i % replicates]! += 1;
  }
  return sums.map((total, r) => total / classes[r]!);
}
