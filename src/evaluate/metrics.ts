/**
 * Metrics of several models on one stream of test examples, with 95 % intervals, in constant
 * memory.
 *
 *   accuracy          mean of 1[argmax f(x) = y]
 *   log-loss          mean of −ln f_y(x)
 *   calibration error Σ_bins |Σ_{i in bin} (confidence_i − correct_i)| / n, with 15 bins of equal
 *                     width on the largest probability, (lo, hi] (Guo et al. 2017)
 *   recall of c       share of the examples of class c that are classified c
 *
 * Intervals are percentiles of a bootstrap. Each replicate counts each example Poisson(1) times,
 * because a stream cannot be resampled as a whole (Hanley and MacGibbon 2006; Chamandy et al.
 * 2012). All models share the counts, so that the difference of two models within a replicate is
 * paired. Recall has Wilson intervals: it is a plain share, and the bootstrap would need replicates
 * × classes numbers.
 */
import { clamp, sum } from '../arrays.ts';
import { logLoss } from '../debias/cross-entropy.ts';
import { UserError } from '../errors.ts';
import { poissonCounts } from './poisson.ts';
import { type Interval, type MetricName, type Metrics, metricNames } from './schema.ts';
import { wilsonInterval } from './wilson.ts';

const replicates = 1000;
const bins = 15;

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
  const counts = new Uint8Array(replicates);
  /** Number of examples in each replicate, [replicates]. */
  const sizes = new Float64Array(replicates);
  let examples = 0;

  return {
    add(label, probabilitiesByModel) {
      check(label, probabilitiesByModel, models, classes);
      poissonCounts(seed, examples++, counts);
      for (let r = 0; r < replicates; r++) sizes[r]! += counts[r]!;
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
      const figures = sums.map((modelSums) => figuresOf(modelSums, examples, sizes));
      const named = models.map((name, m) => [name, metricsOf(figures[m]!, sums[m]!)] as const);
      const differences = models.flatMap((a, i) =>
        models.slice(i + 1).flatMap((b, j) =>
          metricNames.map((metric) => {
            const [first, second] = [figures[i]![metric], figures[i + 1 + j]![metric]];
            return { a, b, metric, ...percentileInterval(minus(first, second)) };
          }),
        ),
      );
      return { examples, models: Object.fromEntries(named), differences };
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
  /** Examples per class, [classes]. */
  readonly support: Float64Array;
  /** Correctly classified examples per class, [classes]. */
  readonly found: Float64Array;
}

function createSums(classes: number): Sums {
  return {
    correct: 0,
    loss: 0,
    gaps: new Float64Array(bins),
    correctBy: new Float64Array(replicates),
    lossBy: new Float64Array(replicates),
    gapsBy: new Float64Array(bins * replicates),
    support: new Float64Array(classes),
    found: new Float64Array(classes),
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
  sums.support[label]! += 1;
  sums.found[label]! += correct;
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
  /** Value per replicate, [replicates]; NaN for a replicate without examples. */
  readonly by: Float64Array;
}

/** Computes the metrics of a model. @param sizes examples per replicate, [replicates]. */
function figuresOf(sums: Sums, examples: number, sizes: Float64Array): Record<MetricName, Figure> {
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

function metricsOf(figures: Record<MetricName, Figure>, sums: Sums): Metrics['models'][string] {
  return {
    accuracy: percentileInterval(figures.accuracy),
    logLoss: percentileInterval(figures.logLoss),
    calibrationError: percentileInterval(figures.calibrationError),
    recall: Array.from(sums.support, (support, c) =>
      support === 0 ? null : wilsonInterval(sums.found[c]!, support),
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
