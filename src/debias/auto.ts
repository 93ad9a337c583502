/**
 * The choice of a method by cross-validation. Students of every candidate and of plain distillation
 * answer the same n examples, whose labels they were not trained on. Their losses are compared
 * example by example, which cancels the noise of easy and hard ones. If no candidate is clearly
 * better, the choice is `relabel`, which accepts a round only if it wins a comparison.
 */
import { z } from 'zod';
import { correctness } from './correctness.ts';
import { foldStudents, type Method, type PreparedFacts } from './method.ts';
import { type RelabelConfig, relabel } from './relabel.ts';
import { slam } from './slam.ts';
import { uniform } from './uniform.ts';
import { weighted } from './weights.ts';

/** Plain distillation: a candidate is chosen only if it is clearly better. */
export const baseline = { method: uniform.name, labels: 'hard' } as const;
export const candidates = [
  { method: uniform.name, labels: 'soft' },
  { method: weighted.name, labels: 'hard' },
  { method: correctness.name, labels: 'hard' },
  { method: slam.name, labels: 'soft' },
] as const;
/** The choice if no candidate is clearly better. */
export const fallbackMethod = relabel.name;

/** A method with the labels that its students learn from. */
export type MethodCandidate = typeof baseline | (typeof candidates)[number];

/** Returns the name of a candidate in the record. */
export function candidateName({ method, labels }: MethodCandidate): string {
  return `${method}-${labels}`;
}

/** Returns the folder of a candidate's students in the student's folder. */
export function candidateFolder(candidate: MethodCandidate): string {
  return `auto/${candidateName(candidate)}/`;
}

/**
 * Size of the sample of unlabeled examples on which the compared students are trained. Enough to
 * distinguish the methods, and few enough to be cheap.
 */
export const sampleExamples = 2000;

/** `choice.json` beside a student: the method that `auto` chose, and why. */
export const choiceSchema = z.strictObject({
  method: z.enum([fallbackMethod, baseline.method, ...candidates.map(({ method }) => method)]),
  labels: z.enum(['soft', 'hard']),
  explanation: z.string(),
  /**
   * Each candidate's gain over plain distillation, in the metric that decides what is published.
   */
  candidates: z.array(
    z.strictObject({
      name: z.string(),
      gain: z.strictObject({ value: z.number(), low: z.number(), high: z.number() }),
    }),
  ),
});
export type Choice = z.infer<typeof choiceSchema>;

export const auto = {
  name: 'auto',
  labels: 'either',
  needs: ['validation', 'folds', 'oneClass'],
  // Some of the candidates exclude these fields.
  excludes: ['mixup', 'labelSmoothing'],
  trainings(config: RelabelConfig, unlabeledExamples: number) {
    const share = Math.min(1, sampleExamples / Math.max(unlabeledExamples, 1));
    const compared = (1 + candidates.length) * config.folds;
    return relabel.trainings(config) + Math.ceil(compared * share);
  },
  // The preparation replaces `auto` by the method that it chooses.
  correct: () => ({}),
  prepare: () => import('../distill/methods/auto.ts'),
  record: {
    field: 'choice',
    file: 'choice.json',
    schema: choiceSchema,
    files(record: unknown, { folds }: PreparedFacts) {
      const { method, candidates: compared } = choiceSchema.parse(record);
      const trained = compared.length > 0 ? [baseline, ...candidates] : [];
      return [
        ...trained.flatMap((candidate) => foldStudents(candidateFolder(candidate), folds)),
        ...(method === relabel.name ? [relabel.record.file] : []),
      ];
    },
  },
} as const satisfies Method;

/** A candidate's mean gain over plain distillation, with its 95 % interval. */
export interface Gain {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % quantile of the standard normal distribution. */
const z95 = 1.959963984540054;

/**
 * Smallest accepted gain of the best of m candidates, in standard errors, at index m − 1. It is the
 * normal quantile of 1 − 0.05 / m (Bonferroni): by chance alone, a candidate is chosen at most one
 * time in twenty.
 */
const bars = [1.645, 1.96, 2.128, 2.241, 2.326, 2.394];

/**
 * Chooses the candidate with the smallest mean loss, if it is clearly better than plain
 * distillation.
 *
 * @param plain [n] losses of plain distillation: log-losses, or 0 and 1 for right and wrong.
 * @param losses [n] per candidate; at most six candidates.
 * @returns the index of the chosen candidate, undefined if none is clearly better; the gains of
 *   all; and the smallest gain that would have been chosen.
 * @throws RangeError if the lengths differ or there are too many candidates.
 * @example chooseBest([1, 0, 1, 1], [[1, 0, 1, 1], [0, 0, 0, 0]]).chosen; // 1
 */
export function chooseBest(plain: ArrayLike<number>, losses: readonly ArrayLike<number>[]) {
  const bar = bars[losses.length - 1];
  if (bar === undefined) throw new RangeError(`expected 1 to 6 methods, got ${losses.length}`);
  const estimates = losses.map((candidate) => pairedGain(plain, candidate));
  let chosen: number | undefined;
  estimates.forEach(({ mean, error }, index) => {
    if (mean <= bar * error) return;
    if (chosen === undefined || mean > estimates[chosen]!.mean) chosen = index;
  });
  const gains = estimates.map(
    ({ mean, error }): Gain => ({ value: mean, low: mean - z95 * error, high: mean + z95 * error }),
  );
  const smallest = bar * Math.max(...estimates.map(({ error }) => error));
  return { chosen, gains, smallest };
}

function pairedGain(plain: ArrayLike<number>, losses: ArrayLike<number>) {
  const n = plain.length;
  if (losses.length !== n) throw new RangeError(`expected ${n} losses, got ${losses.length}`);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += plain[i]! - losses[i]!;
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (plain[i]! - losses[i]! - mean) ** 2;
  return { mean, error: n > 1 ? Math.sqrt(squares / (n - 1) / n) : Number.POSITIVE_INFINITY };
}
