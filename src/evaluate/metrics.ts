/**
 * Metrics of several models on one stream of test examples, with 95 % intervals, in constant
 * memory.
 *
 *   accuracy          mean of 1[argmax f(x) = y]
 *   log-loss          mean of −ln f_y(x)
 *   calibration error Σ_bins |Σ_{i in bin} (confidence_i − correct_i)| / n, with 15 bins of equal
 *                     width on the largest probability, (lo, hi] (Guo et al. 2017)
 *   recall of c       share of the examples of class c that are classified c
 *   precision of c    share of the examples classified c that are of class c
 *   F1 of c           2 recall precision / (recall + precision) = 2 found / (examples + classified)
 *   macro-averaged    mean over the classes that have examples
 *
 * Intervals are percentiles of a bootstrap. Each replicate counts each example Poisson(1) times,
 * because a stream cannot be resampled as a whole (Hanley and MacGibbon 2006; Chamandy et al.
 * 2012). All models share the counts, so that the difference of two models within a replicate is
 * paired. The recall of one class has a Wilson interval, because it is a plain share. Macro
 * averages need counts per replicate and class: with many classes they have fewer replicates.
 */
import { clamp, sum } from '../arrays.ts';
import { logLoss } from '../debias/cross-entropy.ts';
import { UserError } from '../errors.ts';
import { poissonCounts } from './poisson.ts';
import { type Interval, type MetricName, type Metrics, metricNames } from './schema.ts';
import { wilsonInterval } from './wilson.ts';

const replicates = 1000;
const bins = 15;

/** Maximum number of replicates × classes of each count behind a macro average. */
const maxClassCounts = 2 ** 20;

/** Returns the number of replicates of a macro average: 1,000 for up to 1,048 classes. */
function macroReplicates(classes: number): number {
  return clamp(Math.floor(maxClassCounts / classes), 100, replicates);
}

/** Accumulator of the metrics of several models. */
export interface Evaluation {
  /**
   * Adds an example: its true class, and the probabilities of each model, [classes], in the order
   * of the models.
   *
   * @throws RangeError on a label out of range, or a row that is too short or has NaN.
   */
  add(label: number, probabilitiesByModel: readonly Float32Array[]): void;
  /** @throws UserError when no example was added. */
  result(): Metrics;
}

/**
 * Creates an accumulator.
 * @param models their names, all different.
 * @param seed of the bootstrap: the same examples in the same order give the same intervals.
 */
export function createEvaluation(
  models: readonly string[],
  classes: number,
  seed: number,
): Evaluation {
  if (new Set(models).size < models.length) {
    throw new RangeError(`expected model names that differ, got ${models.join(', ')}`);
  }
  const sums = models.map(() => createSums(classes));
  const support = createClassCounts(classes);
  const counts = new Uint8Array(replicates);
  /** Number of examples in each replicate, [replicates]. */
  const sizes = new Float64Array(replicates);
  let examples = 0;

  return {
    add(label, probabilitiesByModel) {
      check(label, probabilitiesByModel, models, classes);
      poissonCounts(seed, examples++, counts);
      for (let r = 0; r < replicates; r++) sizes[r]! += counts[r]!;
      addToClass(support, label, counts);
      probabilitiesByModel.forEach((probabilities, m) => {
        addTo(sums[m]!, label, probabilities, counts);
      });
    },
    result() {
      if (examples === 0) {
        throw new UserError(
          'no test example could be used, so there is nothing to evaluate',
          'Put labeled examples into test/, and check the quarantine of the run.',
        );
      }
      const figures = sums.map((modelSums) => ({
        ...figuresOf(modelSums, examples, sizes),
        ...macroFigures(modelSums, support),
      }));
      const named = models.map(
        (name, m) => [name, metricsOf(figures[m]!, sums[m]!, support)] as const,
      );
      const differences = models.flatMap((a, i) =>
        models.slice(i + 1).flatMap((b, j) =>
          metricNames.map((metric) => {
            const [first, second] = [figures[i]![metric], figures[i + 1 + j]![metric]];
            return { a, b, metric, ...percentileInterval(minus(first, second)) };
          }),
        ),
      );
      return {
        examples,
        support: [...support.total],
        models: Object.fromEntries(named),
        differences,
      };
    },
  };
}

/** Sums of one model over the examples so far: in total, and in each replicate. */
interface Sums {
  correct: number;
  loss: number;
  /** Σ (confidence − correct), [bins]. */
  readonly gaps: Float64Array;
  /** Correct examples, [replicates]. */
  readonly correctBy: Float64Array;
  /** Loss, [replicates]. */
  readonly lossBy: Float64Array;
  /** Σ (confidence − correct), [bins, replicates]. */
  readonly gapsBy: Float64Array;
  /** Correctly classified examples per class. */
  readonly found: ClassCounts;
  /** Examples classified as each class. */
  readonly classified: ClassCounts;
}

/** Counts of examples per class: in total, and in each replicate of the macro averages. */
interface ClassCounts {
  /** [classes] */
  readonly total: Float64Array;
  /** [classes, macro replicates] */
  readonly by: Uint32Array;
  readonly replicates: number;
}

function createClassCounts(classes: number): ClassCounts {
  const replicates = macroReplicates(classes);
  return {
    total: new Float64Array(classes),
    by: new Uint32Array(classes * replicates),
    replicates,
  };
}

function addToClass({ total, by, replicates }: ClassCounts, index: number, counts: Uint8Array) {
  total[index]! += 1;
  const start = index * replicates;
  for (let r = 0; r < replicates; r++) by[start + r]! += counts[r]!;
}

function createSums(classes: number): Sums {
  return {
    correct: 0,
    loss: 0,
    gaps: new Float64Array(bins),
    correctBy: new Float64Array(replicates),
    lossBy: new Float64Array(replicates),
    gapsBy: new Float64Array(bins * replicates),
    found: createClassCounts(classes),
    classified: createClassCounts(classes),
  };
}

function addTo(sums: Sums, label: number, probabilities: Float32Array, counts: Uint8Array): void {
  let best = 0;
  for (let c = 1; c < probabilities.length; c++) {
    if (probabilities[c]! > probabilities[best]!) best = c;
  }
  const confidence = probabilities[best]!;
  const correct = best === label ? 1 : 0;
  const loss = logLoss(probabilities[label]!);
  const gap = confidence - correct;
  const bin = clamp(Math.ceil(confidence * bins) - 1, 0, bins - 1);

  sums.correct += correct;
  sums.loss += loss;
  sums.gaps[bin]! += gap;
  addToClass(sums.classified, best, counts);
  if (correct === 1) addToClass(sums.found, label, counts);
  const { correctBy, lossBy, gapsBy } = sums;
  for (let r = 0, g = bin * replicates; r < replicates; r++, g++) {
    const count = counts[r]!;
    correctBy[r]! += count * correct;
    lossBy[r]! += count * loss;
    gapsBy[g]! += count * gap;
  }
}

/** Metric on all examples, and on each bootstrap replicate. */
interface Figure {
  readonly value: number;
  /** Value per replicate, [replicates] or [macro replicates]; NaN for one without examples. */
  readonly by: Float64Array;
}

type MacroName = 'macroRecall' | 'macroF1';

/** Computes the metrics over examples. @param sizes examples per replicate, [replicates]. */
function figuresOf(
  sums: Sums,
  examples: number,
  sizes: Float64Array,
): Record<Exclude<MetricName, MacroName>, Figure> {
  const totalGap = sum(sums.gaps.map(Math.abs));
  const totalGapBy = new Float64Array(replicates);
  sums.gapsBy.forEach((gap, i) => {
    totalGapBy[i % replicates]! += Math.abs(gap);
  });
  const perExample = (by: Float64Array) => by.map((sum, r) => sum / sizes[r]!);
  return {
    accuracy: { value: sums.correct / examples, by: perExample(sums.correctBy) },
    logLoss: { value: sums.loss / examples, by: perExample(sums.lossBy) },
    calibrationError: { value: totalGap / examples, by: perExample(totalGapBy) },
  };
}

/** Computes the metrics over classes. @param support examples per class. */
function macroFigures(
  { found, classified }: Sums,
  support: ClassCounts,
): Record<MacroName, Figure> {
  const recall = (right: number, _: number, examples: number) => right / examples;
  const f1 = (right: number, chosen: number, examples: number) => (2 * right) / (examples + chosen);
  const figure = (score: typeof f1): Figure => ({
    value: macroMean(found.total, classified.total, support.total, 1, score)[0]!,
    by: macroMean(found.by, classified.by, support.by, support.replicates, score),
  });
  return { macroRecall: figure(recall), macroF1: figure(f1) };
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

function metricsOf(
  figures: Record<MetricName, Figure>,
  { found }: Sums,
  support: ClassCounts,
): Metrics['models'][string] {
  return {
    accuracy: percentileInterval(figures.accuracy),
    macroRecall: percentileInterval(figures.macroRecall),
    macroF1: percentileInterval(figures.macroF1),
    logLoss: percentileInterval(figures.logLoss),
    calibrationError: percentileInterval(figures.calibrationError),
    recall: Array.from(support.total, (examples, c) =>
      examples === 0 ? null : wilsonInterval(found.total[c]!, examples),
    ),
  };
}

function minus(a: Figure, b: Figure): Figure {
  return { value: a.value - b.value, by: a.by.map((value, r) => value - b.by[r]!) };
}

/** Returns the value with the 2.5 % and 97.5 % quantiles of its replicates. */
function percentileInterval({ value, by }: Figure): Interval {
  const sorted = by.filter((replicate) => !Number.isNaN(replicate)).sort();
  return { value, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
}

/** Interpolates linearly between the two nearest of the sorted values, as numpy does. */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}

function check(
  label: number,
  probabilitiesByModel: readonly Float32Array[],
  models: readonly string[],
  classes: number,
): void {
  if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
    throw new RangeError(`expected a label from 0 to ${classes - 1}, got ${label}`);
  }
  models.forEach((name, m) => {
    const probabilities = probabilitiesByModel[m];
    if (probabilities?.length !== classes || probabilities.some(Number.isNaN)) {
      throw new RangeError(`expected ${classes} numbers from model ${name}, got ${probabilities}`);
    }
  });
}
