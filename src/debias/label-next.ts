/**
 * The choice of examples to label next: those on which the teacher is least sure, spread over its
 * predicted classes. The score is that of Schiavone et al. ("MyriadAL", IEEE CAI 2024):
 *
 *   score(x) = 1 / margin(x) + H(t(x))
 *
 * Only the order of the scores is meaningful, because for small margins the first term exceeds the
 * second by far. In a multi-label task, the score is the mean over the labels, and the choice is
 * spread over the labels on which the teacher is least sure.
 */
import { type Decisions, decidedClasses, decisionRows } from './decisions.ts';
import { entropyOf } from './entropy.ts';

/**
 * Maximum number of examples to choose from: a larger pool takes longer, and does not improve the
 * choice.
 */
export const labelNextPool = 1_000_000;

/** Lower bound of a margin: the score of two tied classes would be infinite. */
const marginFloor = 1e-3;

export interface LabelCandidate {
  readonly id: string;
  /** The teacher's classes: one, or any number in a multi-label task. */
  readonly predicted: readonly number[];
  /** Class that the choice is spread over: the teacher's, or the label with the smallest margin. */
  readonly group: number;
  /** Smallest margin of the decisions. */
  readonly margin: number;
  readonly score: number;
}

/** Returns an example as a candidate. @param example its labels by the teacher. */
export function labelCandidate(
  example: {
    readonly id: string;
    /** [perExample] */
    readonly predictions: Int32Array;
    /** [perExample] */
    readonly margins: Float32Array;
    /** [outputs] */
    readonly probabilities: Float32Array;
  },
  decisions: Decisions,
): LabelCandidate {
  const { id, predictions, margins } = example;
  const { classes, perExample, isMultiLabel } = decisions;
  const rows = decisionRows(example.probabilities, decisions);
  let total = 0;
  let least = 0;
  for (const [decision, margin] of margins.entries()) {
    total += labelScore(rows.subarray(decision * classes, (decision + 1) * classes), margin);
    if (margin < margins[least]!) least = decision;
  }
  return {
    id,
    predicted: decidedClasses(predictions, decisions),
    group: isMultiLabel ? least : predictions[0]!,
    margin: margins[least]!,
    score: total / perExample,
  };
}

/**
 * Returns the score.
 *
 * @param probabilities [classes]; they sum to 1.
 */
export function labelScore(probabilities: Float32Array, margin: number): number {
  return 1 / Math.max(margin, marginFloor) + entropyOf(probabilities);
}

/**
 * Collects the best of any number of examples. Memory holds at most twice the wanted number per
 * class.
 */
export class LabelNext<Candidate extends LabelCandidate = LabelCandidate> {
  readonly #count: number;
  readonly #byClass: Candidate[][];

  /** @param count number of examples to choose. */
  constructor(classes: number, count: number) {
    this.#count = count;
    this.#byClass = Array.from({ length: classes }, () => []);
  }

  add(candidate: Candidate): void {
    const best = this.#byClass[candidate.group]!;
    best.push(candidate);
    if (best.length >= 2 * this.#count) keepBest(best, this.#count);
  }

  /**
   * Returns the chosen examples in the order in which to label them: the best of each class, then
   * the second best, and so on.
   */
  result(): Candidate[] {
    for (const best of this.#byClass) keepBest(best, this.#count);
    const ranks = Array.from({ length: this.#count }, (_, rank) =>
      this.#byClass.flatMap((best) => best[rank] ?? []).sort(byScore),
    );
    return ranks.flat().slice(0, this.#count);
  }
}

function keepBest(candidates: LabelCandidate[], count: number): void {
  candidates.sort(byScore).splice(count);
}

/** Sorts by score; equal scores by id, so that the order of the examples does not matter. */
function byScore(a: LabelCandidate, b: LabelCandidate): number {
  return b.score - a.score || (a.id < b.id ? -1 : Number(a.id > b.id));
}
