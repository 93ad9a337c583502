/**
 * Mixture of several models by their answers to labeled examples that they have not learned
 * (stacking: Wolpert, "Stacked generalization", Neural Networks 5, 1992; weights that are not
 * negative: Breiman, "Stacked regressions", Machine Learning 24, 1996).
 *
 *   p(c | x) = Σ_m w_m · p_m(c | x),  w_m ≥ 0,  Σ_m w_m = 1
 *
 * The weights minimize the mean log-loss of the labels, −(1/n) Σ_i ln Σ_m w_m · p_m(y_i | x_i).
 * This function is convex. Its minimum is found by expectation-maximization for the proportions of
 * a mixture (Dempster, Laird and Rubin, Journal of the Royal Statistical Society B 39, 1977):
 *
 *   w_m ← w_m · g_m,  g_m = (1/n) Σ_i p_m(y_i | x_i) / p(y_i | x_i)
 *
 * Every step lowers the loss and stays on the simplex. By convexity, the loss is never more than
 * max_m g_m − 1 above its minimum, which decides when to stop.
 */
import { mean, sum } from '../arrays.ts';
import { logLoss, probabilityFloor } from './cross-entropy.ts';
import { isClearGain } from './cross-fit-calibration.ts';
import { requireClasses } from './label-range.ts';
import { predictions } from './margin.ts';

/** Labels and outputs of several models on n examples that they have not learned. */
export interface MixtureExamples {
  /** Per model: [n, classes], row-major. */
  readonly models: readonly Float32Array[];
  /** [n], each in [0, classes). */
  readonly labels: Int32Array;
  readonly classes: number;
}

/** Largest distance of the loss from its minimum. */
const tolerance = 1e-7;
const maxSteps = 5_000;

/** Models with a smaller weight are left out: they take time, and hardly change an answer. */
const leastWeight = 0.02;

/** Minimum number of labels for weights; with fewer, the best model is chosen. */
const fewestLabels = 20;

/**
 * Fits the weights of a mixture.
 *
 * @param included the models that may get a weight. Default: all.
 * @returns [models]; their sum is 1.
 * @throws RangeError if sizes disagree or a label is out of range.
 * @example
 * // Each model is sure and right on one half of the examples, and unsure on the other.
 * const models = [Float32Array.of(0.9, 0.1, 0.5, 0.5), Float32Array.of(0.5, 0.5, 0.1, 0.9)];
 * fitMixture({ models, labels: Int32Array.of(0, 1), classes: 2 }); // [0.5, 0.5]
 */
export function fitMixture(
  examples: MixtureExamples,
  included: readonly boolean[] = examples.models.map(() => true),
): number[] {
  const likelihoods = likelihoodsOf(examples);
  const count = sum(included.map(Number));
  const weights = included.map((isIn) => (isIn ? 1 / count : 0));
  const n = examples.labels.length;
  for (let step = 0; step < maxSteps && n > 0; step++) {
    const gains = gainsOf(likelihoods, weights);
    const largest = Math.max(...gains.filter((_, m) => included[m]));
    if (largest - 1 < tolerance) break;
    for (let m = 0; m < weights.length; m++) weights[m]! *= gains[m]!;
  }
  const total = sum(weights);
  return weights.map((weight) => weight / total);
}

/** Computes g: [models]. */
function gainsOf(likelihoods: readonly Float64Array[], weights: readonly number[]): number[] {
  const models = weights.length;
  const n = likelihoods[0]!.length;
  const gains = new Array<number>(models).fill(0);
  for (let i = 0; i < n; i++) {
    let mixed = 0;
    for (let m = 0; m < models; m++) mixed += weights[m]! * likelihoods[m]![i]!;
    for (let m = 0; m < models; m++) gains[m]! += likelihoods[m]![i]! / mixed;
  }
  return gains.map((gain) => gain / n);
}

/**
 * Mixes outputs.
 *
 * @param models per model: [n, classes], row-major; undefined if its weights are 0.
 * @param weightsOf returns the weights of a row, [models].
 * @returns [n, classes]. If a row has one model, its output is copied bit for bit.
 */
export function mix(
  models: readonly (Float32Array | undefined)[],
  classes: number,
  weightsOf: (row: number) => readonly number[],
): Float32Array {
  const length = models.find((model) => model !== undefined)!.length;
  const mixed = new Float32Array(length);
  const row = new Float64Array(classes);
  for (let start = 0; start < length; start += classes) {
    row.fill(0);
    for (const [m, weight] of weightsOf(start / classes).entries()) {
      if (weight === 0) continue;
      for (let c = 0; c < classes; c++) row[c]! += weight * models[m]![start + c]!;
    }
    mixed.set(row, start);
  }
  return mixed;
}

/** Results of a model on labels that it has not learned. */
export interface LabelResults {
  /** Mean log-loss. */
  readonly logLoss: number;
  /** Number of right predictions. */
  readonly right: number;
}

/** Weights of several models, and their results out of fold. */
export interface CrossFittedMixture {
  /** Weights fitted on all labels, for examples without a label: [models]. */
  readonly whole: readonly number[];
  /** Weights per fold, fitted on all labels outside of the fold: [folds][models]. */
  readonly folds: readonly (readonly number[])[];
  /** Whether several models have a weight. */
  readonly isMixed: boolean;
  /** Number of labels. */
  readonly examples: number;
  readonly models: readonly LabelResults[];
  /** Results of the mixture, each example by the weights of its fold. */
  readonly mixture: LabelResults;
}

/**
 * Fits the weights on all labels, and once per fold on the labels outside of it. Models with a
 * weight below 0.02 are left out, and the others are fitted again.
 *
 * If the mixture's log-loss out of fold is not lower than that of the best model by more than one
 * standard error, the best model gets the weight 1. Of models within one standard error, this is
 * the simplest one (Breiman et al., "Classification and Regression Trees", 1984).
 *
 * @param foldOf Fold of each example, [n], in [0, count).
 * @param count Number of folds, at least 2.
 * @throws RangeError if sizes disagree or a label is out of range.
 */
export function crossFitMixture(
  examples: MixtureExamples,
  foldOf: Int32Array,
  count: number,
): CrossFittedMixture {
  const { models, labels, classes } = examples;
  if (foldOf.length !== labels.length) {
    throw new RangeError(`expected ${labels.length} folds, got ${foldOf.length}`);
  }
  likelihoodsOf(examples); // Checks the sizes.
  const results = models.map((model) => measure(model, labels, classes));
  const losses = results.map((result) => mean(result.losses));
  const best = losses.indexOf(Math.min(...losses));
  const found = labels.length < fewestLabels ? undefined : fitFolds(examples, foldOf, count);
  const mixed =
    found &&
    measure(
      mix(models, classes, (i) => found.folds[foldOf[i]!]!),
      labels,
      classes,
    );
  const isMixed = mixed !== undefined && isClearGain(results[best]!.losses, mixed.losses);
  const alone = models.map((_, m) => (m === best ? 1 : 0));
  const used = isMixed ? found! : { whole: alone, folds: new Array(count).fill(alone) };
  return {
    ...used,
    isMixed,
    examples: labels.length,
    models: results.map(summaryOf),
    mixture: summaryOf(isMixed ? mixed : results[best]!),
  };
}

/** Fits the weights on all labels, and per fold on those outside of it. */
function fitFolds(examples: MixtureExamples, foldOf: Int32Array, count: number) {
  const included = fitMixture(examples).map((weight) => weight >= leastWeight);
  const folds = Array.from({ length: count }, (_, fold) =>
    fitMixture(outside(examples, foldOf, fold), included),
  );
  return { whole: fitMixture(examples, included), folds };
}

interface Measured {
  /** [n] */
  readonly losses: Float64Array;
  readonly right: number;
}

function measure(outputs: Float32Array, labels: Int32Array, classes: number): Measured {
  const found = predictions(outputs, classes);
  return {
    losses: Float64Array.from(labels, (label, i) => logLoss(outputs[i * classes + label]!)),
    right: labels.filter((label, i) => found[i] === label).length,
  };
}

function summaryOf({ losses, right }: Measured): LabelResults {
  return { logLoss: mean(losses), right };
}

/** Returns the probability of each example's label, [models][n]. */
function likelihoodsOf({ models, labels, classes }: MixtureExamples): Float64Array[] {
  requireClasses(labels, classes);
  return models.map((outputs) => {
    if (outputs.length !== labels.length * classes) {
      throw new RangeError(
        `expected ${labels.length} × ${classes} probabilities, got ${outputs.length}`,
      );
    }
    return Float64Array.from(labels, (label, i) =>
      Math.max(outputs[i * classes + label]!, probabilityFloor),
    );
  });
}

function outside(
  { models, labels, classes }: MixtureExamples,
  foldOf: Int32Array,
  fold: number,
): MixtureExamples {
  const rows = [...labels.keys()].filter((i) => foldOf[i] !== fold);
  return {
    models: models.map((outputs) => {
      const taken = new Float32Array(rows.length * classes);
      rows.forEach((i, row) => {
        taken.set(outputs.subarray(i * classes, (i + 1) * classes), row * classes);
      });
      return taken;
    }),
    labels: Int32Array.from(rows, (i) => labels[i]!),
    classes,
  };
}
