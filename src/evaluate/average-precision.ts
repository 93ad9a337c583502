/**
 * Average precision per label: how well a model ranks the examples that have a label above those
 * that do not, at any threshold.
 *
 *   AP = Σ_n (R_n − R_{n−1}) P_n
 *
 * P_n and R_n are precision and recall at the n-th distinct score, from the largest down: the
 * definition of scikit-learn's `average_precision_score`. A ranking needs all scores at once, so
 * that they are kept, up to a limit of examples; of more, a sample by a hash of their index.
 */
import { clamp } from '../arrays.ts';
import { randomFor } from '../data/random.ts';
import type { Figure } from './figure.ts';
import { poissonCounts } from './poisson.ts';

/** Maximum number of examples whose scores are kept. */
const maxExamples = 100_000;
/** Maximum number of scores that are kept, 4 bytes each: examples × models × labels. */
const maxScores = 2 ** 24;
/** Limits of replicates × scores, and of replicates × examples, which bound time and memory. */
const [maxSteps, maxCounts] = [2 ** 30, 2 ** 25];

/** Average precision of one model. */
export interface LabelRanking {
  /** Per label, [labels]; null for a label that no ranked example has. */
  readonly byLabel: readonly (number | null)[];
  /** Mean over the labels; undefined if no ranked example has a label. */
  readonly mean: Figure | undefined;
}

/** Scores of several models. */
export interface ScoreSample {
  /**
   * Adds an example.
   *
   * @param decided 0 or 1 per label, [labels].
   * @param scoresByModel Scores of each model, [labels].
   */
  add(decided: ArrayLike<number>, scoresByModel: readonly Float32Array[]): void;
  /** Returns the average precision of each model, and the number of ranked examples. */
  result(): { readonly examples: number; readonly models: readonly LabelRanking[] };
}

interface Kept {
  readonly index: number;
  /** Uniform in [0, 1). */
  readonly hash: number;
  readonly decided: Uint8Array;
  /** [models, labels] */
  readonly scores: Float32Array;
}

/**
 * Creates an empty sample.
 *
 * @param most Maximum number of examples. Default: by the limits of memory.
 * @param replicates Maximum number of replicates.
 */
export function createScoreSample(
  models: number,
  labels: number,
  seed: number,
  replicates: number,
  most = clamp(Math.floor(maxScores / (models * labels)), 1, maxExamples),
): ScoreSample {
  let kept: Kept[] = [];
  let examples = 0;
  let threshold = 1;
  return {
    add(decided, scoresByModel) {
      const index = examples++;
      const hash = randomFor(seed, index, 1)();
      if (hash >= threshold) return;
      const scores = new Float32Array(models * labels);
      for (const [model, row] of scoresByModel.entries()) scores.set(row, model * labels);
      kept.push({ index, hash, decided: Uint8Array.from(decided), scores });
      while (kept.length > most) {
        threshold /= 2;
        kept = kept.filter((one) => one.hash < threshold);
      }
    },
    result() {
      const counts = countsOf(kept, models * labels, seed, replicates);
      return {
        examples: kept.length,
        models: Array.from({ length: models }, (_, model) =>
          rankingOf(kept, counts, model * labels, labels),
        ),
      };
    },
  };
}

/** Numbers of times that each replicate has each example. */
interface Counts {
  /** [examples, columns]; column 0 has each example once, and each other one is a replicate. */
  readonly values: Uint8Array;
  readonly columns: number;
}

function countsOf(
  kept: readonly Kept[],
  scoresEach: number,
  seed: number,
  replicates: number,
): Counts {
  const affordable = Math.min(maxSteps / scoresEach, maxCounts) / Math.max(kept.length, 1);
  const columns = 1 + clamp(Math.floor(affordable), 100, replicates);
  const values = new Uint8Array(kept.length * columns);
  for (const [row, { index }] of kept.entries()) {
    values[row * columns] = 1;
    poissonCounts(seed, index, values.subarray(row * columns + 1, (row + 1) * columns));
  }
  return { values, columns };
}

/** Ranks by the scores of one model. @param offset Index of its first score. */
function rankingOf(
  kept: readonly Kept[],
  counts: Counts,
  offset: number,
  labels: number,
): LabelRanking {
  const sums = new Float64Array(counts.columns);
  const ranked = new Float64Array(counts.columns);
  const byLabel = Array.from({ length: labels }, (_, label) => {
    const scores = Float32Array.from(kept, (one) => one.scores[offset + label]!);
    const decided = Uint8Array.from(kept, (one) => one.decided[label]!);
    const precision = averagePrecisions(scores, decided, counts);
    for (const [column, value] of precision.entries()) {
      if (Number.isNaN(value)) continue;
      sums[column]! += value;
      ranked[column]! += 1;
    }
    return Number.isNaN(precision[0]) ? null : precision[0]!;
  });
  const means = sums.map((total, column) => total / ranked[column]!);
  const mean = ranked[0] === 0 ? undefined : { value: means[0]!, by: means.subarray(1) };
  return { byLabel, mean };
}

/**
 * Computes the average precision per column of the counts.
 *
 * @param scores [examples]
 * @param decided [examples], 1 if an example has the label, otherwise 0.
 * @returns [columns]; NaN for a column in which no example has the label.
 */
function averagePrecisions(
  scores: Float32Array,
  decided: Uint8Array,
  { values, columns }: Counts,
): Float64Array {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const seen = new Float64Array(columns);
  const found = new Float64Array(columns);
  const foundBefore = new Float64Array(columns);
  const areas = new Float64Array(columns);
  let isNew = false;
  for (const [position, row] of order.entries()) {
    const start = row * columns;
    for (let c = 0; c < columns; c++) seen[c]! += values[start + c]!;
    if (decided[row] === 1) {
      isNew = true;
      for (let c = 0; c < columns; c++) found[c]! += values[start + c]!;
    }
    const next = order[position + 1];
    // Equal scores have one threshold.
    if (!isNew || (next !== undefined && scores[next] === scores[row])) continue;
    isNew = false;
    for (let c = 0; c < columns; c++) {
      const more = found[c]! - foundBefore[c]!;
      if (more > 0) areas[c]! += (more * found[c]!) / seen[c]!;
    }
    foundBefore.set(found);
  }
  return areas.map((area, c) => area / found[c]!);
}
