/**
 * Rounds in which students relabel the unlabeled set. A student is often more accurate than the
 * labels that it learned from (Zhao, "Student as an inherent denoiser of noisy teacher", 2023).
 * Then its labels are better than the teacher's. But if they are worse, their mistakes grow in
 * every further round. So students first have to win a comparison on examples whose labels neither
 * side was trained on.
 */
import { z } from 'zod';
import { foldStudents, type Method, type PreparedFacts } from './method.ts';

const options = z.strictObject({
  rounds: z
    .int()
    .min(1)
    .default(3)
    .describe('Maximum number of rounds in which students replace the teacher as labelers.'),
});

const count = z.int().nonnegative();

/** The comparisons of all rounds, up to the first that was refused. */
export const relabelRoundsSchema = z.array(
  z.strictObject({
    examples: count,
    /** Right labels of the previous round; in round 1, of the teacher. */
    teacherRight: count,
    studentRight: count,
    /** Examples on which the students alone are right. */
    gained: count,
    /** Examples on which the students alone are wrong. */
    lost: count,
    /** True if the students' labels replaced those of the previous round. */
    accepted: z.boolean(),
  }),
);

/** The config on which the number of trainings depends. */
export interface RelabelConfig {
  readonly folds: number;
  readonly relabel: z.infer<typeof options>;
}

/** Returns the folder of a round, counted from 1, in the student's folder. */
export function roundFolder(round: number): string {
  return `round-${round}/`;
}

/** Returns the labels of a shard that a round's students gave, in the student's folder. */
export function roundLabels(round: number, shard: string): string {
  return `${roundFolder(round)}labels/${shard}.parquet`;
}

export const relabel = {
  name: 'relabel',
  labels: 'either',
  needs: ['validation', 'folds', 'oneClass'],
  options: options.prefault({}),
  trainings: ({ folds, relabel }: RelabelConfig) => 1 + relabel.rounds * folds,
  // The student learns better labels; the loss on them stays as it is.
  correct: () => ({}),
  prepare: () => import('../distill/methods/relabel.ts'),
  record: {
    field: 'relabeling',
    file: 'relabel.json',
    schema: relabelRoundsSchema,
    files(record: unknown, { folds, shards }: PreparedFacts) {
      const rounds = relabelRoundsSchema.parse(record);
      return rounds.flatMap((_, index) => [
        ...foldStudents(roundFolder(index + 1), folds),
        ...shards.map((id) => roundLabels(index + 1, id)),
      ]);
    },
  },
} as const satisfies Method;

/** The comparison of teacher and student on the same n examples. */
export interface Comparison {
  readonly examples: number;
  readonly teacherRight: number;
  readonly studentRight: number;
  /** Examples on which the student alone is right. */
  readonly gained: number;
  /** Examples on which the teacher alone is right. */
  readonly lost: number;
}

/** Share of the disagreements that a first round has to win. */
const firstShare = 0.6;

/**
 * Decides whether a round's students replace the labelers before them.
 *
 * In round 1 they have to win three of five disagreements with the teachers, not just half. The
 * teachers label as an ensemble, and gain more from that than students, which are more alike. The
 * rule is about the size of the gain, not its significance: with a hundred labels, a test of
 * significance would refuse most true gains. If they seldom disagree, chance may decide, but only
 * about few labels. From round 2 on the students are known to be better, so it is enough that they
 * get no worse.
 *
 * @param round from 1.
 * @example isAccepted({ examples: 9, teacherRight: 5, studentRight: 6, gained: 3, lost: 2 }, 1); //
 *   true
 */
export function isAccepted({ gained, lost }: Comparison, round: number): boolean {
  if (round > 1) return gained >= lost;
  return gained > 0 && gained >= firstShare * (gained + lost);
}

/**
 * Compares teacher and student.
 *
 * @param teacher the teacher's classes, [n]; student and truth likewise.
 * @throws RangeError if the lengths differ.
 */
export function compare(
  teacher: ArrayLike<number>,
  student: ArrayLike<number>,
  truth: ArrayLike<number>,
): Comparison {
  const examples = truth.length;
  if (teacher.length !== examples || student.length !== examples) {
    throw new RangeError(
      `expected ${examples} classes of each, got ${teacher.length} and ${student.length}`,
    );
  }
  let [teacherRight, studentRight, gained, lost] = [0, 0, 0, 0];
  for (let i = 0; i < examples; i++) {
    const byTeacher = teacher[i] === truth[i];
    const byStudent = student[i] === truth[i];
    if (byTeacher) teacherRight++;
    if (byStudent) studentRight++;
    if (byStudent && !byTeacher) gained++;
    if (byTeacher && !byStudent) lost++;
  }
  return { examples, teacherRight, studentRight, gained, lost };
}
