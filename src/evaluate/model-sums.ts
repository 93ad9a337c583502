/** Sums of one model over a stream of test examples, and the metrics that follow from them. */
import { clamp, indexOfLargest, sum } from '../arrays.ts';
import { logLoss } from '../debias/cross-entropy.ts';
import { type Decisions, decisionRows } from '../debias/decisions.ts';
import {
  addToClass,
  type ClassCounts,
  createClassCounts,
  f1Score,
  macroFigures,
} from './class-counts.ts';
import type { Figure } from './figure.ts';

/** Replicates of the bootstrap. */
export const replicates = 1000;

/** Bins of confidence behind the calibration error. */
const bins = 15;

/** Sums over the examples so far: in total, and in each replicate. */
export interface ModelSums {
  /** Correct decisions. */
  correct: number;
  /** Loss over all decisions. */
  loss: number;
  /** Σ (confidence − correct), [bins]. */
  readonly gaps: Float64Array;
  /** Correct decisions, [replicates]. */
  readonly correctBy: Float64Array;
  /** Loss, [replicates]. */
  readonly lossBy: Float64Array;
  /** Σ (confidence − correct), [bins, replicates]. */
  readonly gapsBy: Float64Array;
  /** Correctly classified examples per class. */
  readonly found: ClassCounts;
  /** Examples classified as each class. */
  readonly classified: ClassCounts;
  /** Undefined with one class per example. */
  readonly labels: LabelSums | undefined;
}

/** Sums over the labels of a multi-label task. */
interface LabelSums {
  readonly total: LabelTotals;
  /** Each [replicates]. */
  readonly by: Record<keyof LabelTotals, Float64Array>;
}

interface LabelTotals {
  /** Examples with all decisions correct. */
  exact: number;
  /** Labels that an example has and that the model predicts. */
  found: number;
  /** Labels of the examples plus labels predicted. */
  either: number;
}

/** Creates sums of 0. */
export function createModelSums({ outputs, isMultiLabel }: Decisions): ModelSums {
  return {
    correct: 0,
    loss: 0,
    gaps: new Float64Array(bins),
    correctBy: new Float64Array(replicates),
    lossBy: new Float64Array(replicates),
    gapsBy: new Float64Array(bins * replicates),
    found: createClassCounts(outputs, replicates),
    classified: createClassCounts(outputs, replicates),
    labels: isMultiLabel ? createLabelSums() : undefined,
  };
}

function createLabelSums(): LabelSums {
  const empty = () => new Float64Array(replicates);
  return {
    total: { exact: 0, found: 0, either: 0 },
    by: { exact: empty(), found: empty(), either: empty() },
  };
}

/**
 * Returns the class that a decision counts for: the class itself, or a label that is decided as 1;
 * undefined for a label that is decided as 0.
 */
export function countedClass(
  { isMultiLabel }: Decisions,
  decision: number,
  chosen: number,
): number | undefined {
  if (!isMultiLabel) return chosen;
  return chosen === 1 ? decision : undefined;
}

/**
 * Adds an example.
 *
 * @param decided True class of each decision, [perExample].
 * @param outputs of the model, [outputs].
 * @param counts How often each replicate has the example, [replicates].
 */
export function addToModel(
  sums: ModelSums,
  decisions: Decisions,
  decided: ArrayLike<number>,
  outputs: Float32Array,
  counts: Uint8Array,
): void {
  const { perExample, classes } = decisions;
  const rows = decisionRows(outputs, decisions);
  const gaps = new Float64Array(bins);
  const labels: LabelTotals = { exact: 0, found: 0, either: 0 };
  let correct = 0;
  let loss = 0;
  for (let d = 0; d < perExample; d++) {
    const row = rows.subarray(d * classes, (d + 1) * classes);
    const best = indexOfLargest(row);
    const truth = decided[d]!;
    const isCorrect = best === truth;
    const confidence = row[best]!;
    if (isCorrect) correct++;
    loss += logLoss(row[truth]!);
    gaps[clamp(Math.ceil(confidence * bins) - 1, 0, bins - 1)]! += confidence - Number(isCorrect);
    const counted = countedClass(decisions, d, best);
    if (counted !== undefined) addToClass(sums.classified, counted, counts);
    if (counted !== undefined && isCorrect) addToClass(sums.found, counted, counts);
    labels.found += best * truth;
    labels.either += best + truth;
  }
  labels.exact = correct === perExample ? 1 : 0;
  addExample(sums, { correct, loss, gaps, labels }, counts);
}

interface ExampleSums {
  readonly correct: number;
  readonly loss: number;
  readonly gaps: Float64Array;
  readonly labels: LabelTotals;
}

function addExample(sums: ModelSums, example: ExampleSums, counts: Uint8Array): void {
  const { correct, loss, gaps } = example;
  const { correctBy, lossBy, gapsBy, labels } = sums;
  sums.correct += correct;
  sums.loss += loss;
  for (let r = 0; r < replicates; r++) {
    const count = counts[r]!;
    correctBy[r]! += count * correct;
    lossBy[r]! += count * loss;
  }
  for (const [bin, gap] of gaps.entries()) {
    if (gap === 0) continue;
    sums.gaps[bin]! += gap;
    for (let r = 0, g = bin * replicates; r < replicates; r++, g++) gapsBy[g]! += counts[r]! * gap;
  }
  if (labels === undefined) return;
  for (const name of ['exact', 'found', 'either'] as const) {
    const value = example.labels[name];
    if (value === 0) continue;
    labels.total[name] += value;
    const by = labels.by[name];
    for (let r = 0; r < replicates; r++) by[r]! += counts[r]! * value;
  }
}

/**
 * Computes the metrics of a model.
 *
 * @param examples Number of examples.
 * @param sizes Examples per replicate, [replicates].
 * @param support Examples per class.
 */
export function figuresOf(
  sums: ModelSums,
  { perExample }: Decisions,
  examples: number,
  sizes: Float64Array,
  support: ClassCounts,
) {
  const totalGap = sum(sums.gaps.map(Math.abs));
  const totalGapBy = new Float64Array(replicates);
  sums.gapsBy.forEach((gap, i) => {
    totalGapBy[i % replicates]! += Math.abs(gap);
  });
  const mean = (value: number, by: Float64Array): Figure => ({
    value: value / (examples * perExample),
    by: by.map((sum, r) => sum / (sizes[r]! * perExample)),
  });
  return {
    accuracy: mean(sums.correct, sums.correctBy),
    logLoss: mean(sums.loss, sums.lossBy),
    calibrationError: mean(totalGap, totalGapBy),
    ...macroFigures(sums.found, sums.classified, support),
    ...(sums.labels && labelFigures(sums.labels, examples, sizes)),
  };
}

/** Computes the metrics that only a multi-label task has. */
function labelFigures(
  { total, by }: LabelSums,
  examples: number,
  sizes: Float64Array,
): Record<'microF1' | 'exactMatch', Figure> {
  return {
    microF1: {
      value: f1Score(total.found, total.either, 0),
      by: by.found.map((found, r) => f1Score(found, by.either[r]!, 0)),
    },
    exactMatch: {
      value: total.exact / examples,
      by: by.exact.map((exact, r) => exact / sizes[r]!),
    },
  };
}
