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
 * In a multi-label task, the first three are over all decisions: n per label. Recall, precision and
 * F1 are those of a label. Three metrics are added:
 *
 *   micro F1          2 Σ_l found_l / Σ_l (examples_l + classified_l): every label of an example
 *                     counts alike, and "no" that is right counts nothing
 *   exact match       share of examples with all decisions right
 *   mean average precision (`average-precision.ts`)
 *
 * Intervals are percentiles of a bootstrap. Each replicate counts each example Poisson(1) times,
 * because a stream cannot be resampled as a whole (Hanley and MacGibbon 2006; Chamandy et al.
 * 2012). All models share the counts, so that the difference of two models within a replicate is
 * paired. The recall and the precision of one class have Wilson intervals, because they are plain
 * shares. Macro averages need counts per replicate and class: with many classes they have fewer
 * replicates.
 */
import type { Decisions } from '../debias/decisions.ts';
import { UserError } from '../errors.ts';
import { createScoreSample, type LabelRanking } from './average-precision.ts';
import { addToClass, type ClassCounts, createClassCounts, f1Score } from './class-counts.ts';
import { type Figure, minus, percentileInterval } from './figure.ts';
import {
  addToModel,
  countedClass,
  createModelSums,
  figuresOf,
  type ModelSums,
  replicates,
} from './model-sums.ts';
import { poissonCounts } from './poisson.ts';
import { type Interval, labelMetricNames, type Metrics, metricNames } from './schema.ts';
import { wilsonInterval } from './wilson.ts';

/** Accumulator of the metrics of several models. */
export interface Evaluation {
  /**
   * Adds an example: the true class of each decision, [perExample], and the outputs of each model,
   * [outputs], in the order of the models.
   *
   * @throws RangeError on a class out of range, or outputs that are too few or have NaN.
   */
  add(decided: ArrayLike<number>, outputsByModel: readonly Float32Array[]): void;
  /**
   * @throws UserError if no example was added, or if none has a label in a multi-label task.
   */
  result(): Metrics;
}

/**
 * Creates an accumulator.
 * @param models their names, all different.
 * @param seed of the bootstrap: the same examples in the same order give the same intervals.
 */
export function createEvaluation(
  models: readonly string[],
  decisions: Decisions,
  seed: number,
): Evaluation {
  if (new Set(models).size < models.length) {
    throw new RangeError(`expected model names that differ, got ${models.join(', ')}`);
  }
  const { outputs, isMultiLabel } = decisions;
  const sums = models.map(() => createModelSums(decisions));
  const support = createClassCounts(outputs, replicates);
  const scores = isMultiLabel
    ? createScoreSample(models.length, outputs, seed, replicates)
    : undefined;
  const counts = new Uint8Array(replicates);
  /** Number of examples in each replicate, [replicates]. */
  const sizes = new Float64Array(replicates);
  let examples = 0;

  return {
    add(decided, outputsByModel) {
      check(decided, outputsByModel, models, decisions);
      poissonCounts(seed, examples++, counts);
      for (let r = 0; r < replicates; r++) sizes[r]! += counts[r]!;
      for (let d = 0; d < decided.length; d++) {
        const counted = countedClass(decisions, d, decided[d]!);
        if (counted !== undefined) addToClass(support, counted, counts);
      }
      outputsByModel.forEach((outputs, m) => {
        addToModel(sums[m]!, decisions, decided, outputs, counts);
      });
      scores?.add(decided, outputsByModel);
    },
    result() {
      requireExamples(examples, support);
      const ranked = scores?.result();
      const figures = sums.map((modelSums, m) => {
        const mean = ranked?.models[m]?.mean;
        return {
          ...figuresOf(modelSums, decisions, examples, sizes, support),
          ...(mean && { meanAveragePrecision: mean }),
        };
      });
      const named = models.map(
        (name, m) => [name, metricsOf(figures[m]!, sums[m]!, support, ranked?.models[m])] as const,
      );
      return {
        examples,
        support: [...support.total],
        ...(ranked && ranked.examples < examples && { rankedExamples: ranked.examples }),
        models: Object.fromEntries(named),
        differences: differencesOf(models, figures),
      };
    },
  };
}

/** Figures of one model, by metric. */
type Figures = ReturnType<typeof figuresOf> & { readonly meanAveragePrecision?: Figure };

/** @throws UserError if there is nothing to measure. */
function requireExamples(examples: number, support: ClassCounts): void {
  if (examples === 0) {
    throw new UserError(
      'no test example could be used, so there is nothing to evaluate',
      'Put labeled examples into test/, and check the quarantine of the run.',
    );
  }
  if (support.total.every((count) => count === 0)) {
    throw new UserError(
      `none of the ${examples} test examples has a label, so that recall and F1 cannot be measured`,
      'Put examples that have some of the labels into test/.',
    );
  }
}

/** Subtracts the metrics of each two models. @param figures in the order of the models. */
function differencesOf(
  models: readonly string[],
  figures: readonly Figures[],
): Metrics['differences'] {
  return models.flatMap((a, i) =>
    models.slice(i + 1).flatMap((b, j) =>
      [...labelMetricNames, ...metricNames].flatMap((metric) => {
        const [first, second] = [figures[i]![metric], figures[i + 1 + j]![metric]];
        if (!first || !second) return [];
        return [{ a, b, metric, ...percentileInterval(minus(first, second)) }];
      }),
    ),
  );
}

function metricsOf(
  figures: Figures,
  { found, classified }: ModelSums,
  support: ClassCounts,
  ranking: LabelRanking | undefined,
): Metrics['models'][string] {
  const { microF1, exactMatch, meanAveragePrecision } = figures;
  return {
    accuracy: percentileInterval(figures.accuracy),
    macroRecall: percentileInterval(figures.macroRecall),
    macroF1: percentileInterval(figures.macroF1),
    logLoss: percentileInterval(figures.logLoss),
    calibrationError: percentileInterval(figures.calibrationError),
    recall: shares(found, support),
    ...(microF1 && { microF1: percentileInterval(microF1) }),
    ...(exactMatch && { exactMatch: percentileInterval(exactMatch) }),
    ...(meanAveragePrecision && { meanAveragePrecision: percentileInterval(meanAveragePrecision) }),
    ...(ranking && {
      precision: shares(found, classified),
      predicted: [...classified.total],
      f1: Array.from(support.total, (examples, c) =>
        examples === 0 ? null : f1Score(found.total[c]!, classified.total[c]!, examples),
      ),
      averagePrecision: [...ranking.byLabel],
    }),
  };
}

/** Divides counts per class; null for a class without examples. */
function shares(found: ClassCounts, of: ClassCounts): (Interval | null)[] {
  return Array.from(of.total, (examples, c) =>
    examples === 0 ? null : wilsonInterval(found.total[c]!, examples),
  );
}

function check(
  decided: ArrayLike<number>,
  outputsByModel: readonly Float32Array[],
  models: readonly string[],
  { perExample, classes, outputs: size }: Decisions,
): void {
  if (decided.length !== perExample) {
    throw new RangeError(`expected ${perExample} decisions, got ${decided.length}`);
  }
  for (const label of Array.from(decided)) {
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new RangeError(`expected a label from 0 to ${classes - 1}, got ${label}`);
    }
  }
  models.forEach((name, m) => {
    const outputs = outputsByModel[m];
    if (outputs?.length !== size || outputs.some(Number.isNaN)) {
      throw new RangeError(`expected ${size} numbers from model ${name}, got ${outputs}`);
    }
  });
}
