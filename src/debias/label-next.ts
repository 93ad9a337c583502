/**
 * Which examples to label next: those of which the teacher is least sure, spread over the classes that
 * it gives them. The score is that of Schiavone et al. ("MyriadAL", IEEE CAI 2024):
 *
 *   score(x) = 1 / margin(x) + H(t(x))
 *
 * It is an order, not an amount: the first term outgrows the second where the margin is small.
 */
import { entropyOf } from './entropy.ts';

/** Among how many examples the next are looked for: more take time, and name no better ones. */
export const labelNextPool = 1_000_000;

/** Smaller margins are taken for this: two classes that are tied would score infinity. */
const marginFloor = 1e-3;

export interface Candidate {
  readonly id: string;
  /** The teacher's class. */
  readonly prediction: number;
  readonly margin: number;
  readonly score: number;
}

/** @param probabilities [classes]; they sum to 1. */
export function labelScore(probabilities: Float32Array, margin: number): number {
  return 1 / Math.max(margin, marginFloor) + entropyOf(probabilities);
}

/** The best of any number of examples; memory holds twice as many as are wanted of each class. */
export class LabelNext {
  readonly #count: number;
  readonly #byClass: Candidate[][];

  /** @param count how many are wanted. */
  constructor(classes: number, count: number) {
    this.#count = count;
    this.#byClass = Array.from({ length: classes }, () => []);
  }

  add(candidate: Candidate): void {
    const best = this.#byClass[candidate.prediction]!;
    best.push(candidate);
    if (best.length >= 2 * this.#count) keepBest(best, this.#count);
  }

  /** In the order in which to label them: the best of each class, then the second best, and so on. */
  result(): Candidate[] {
    for (const best of this.#byClass) keepBest(best, this.#count);
    const ranks = Array.from({ length: this.#count }, (_, rank) =>
      this.#byClass.flatMap((best) => best[rank] ?? []).sort(byScore),
    );
    return ranks.flat().slice(0, this.#count);
  }
}

function keepBest(candidates: Candidate[], count: number): void {
  candidates.sort(byScore).splice(count);
}

/** Equal scores by id, so that the order of the examples does not matter. */
function byScore(a: Candidate, b: Candidate): number {
  return b.score - a.score || (a.id < b.id ? -1 : Number(a.id > b.id));
}
