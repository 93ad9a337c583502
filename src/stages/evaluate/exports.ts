import { type Decisions, decisionRows } from '../../debias/decisions.ts';
import { predictions } from '../../debias/margin.ts';
import { UserError } from '../../errors.ts';
import type { ExportRecord } from '../../evaluate/run-metrics.ts';
import type { ComparedExample, ExportAnswers, OpenExport } from './open-exports.ts';

/** Largest difference of a probability in float32, between two programs that are right. */
const tolerance = 1e-4;

/** Collects the differences of exported files and their students. */
export interface ExportsMeter {
  /**
   * Compares the files on a batch, until each was compared on enough examples.
   * @param truth True decisions of each example, [n][perExample].
   * @param outputs Probabilities by model, [n, outputs].
   */
  add(
    batch: readonly ComparedExample[],
    truth: readonly ArrayLike<number>[],
    outputs: ReadonlyMap<string, Float32Array>,
  ): Promise<void>;
  /**
   * Returns the records of a student's files.
   * @throws UserError if a file differs from the student, and not only by rounded weights.
   */
  records(student: string): ExportRecord[];
}

/** Sums over the examples that were compared. */
interface Sums {
  examples: number;
  largestDifference: number;
  /** Right decisions of the file, and of its student. */
  right: number;
  studentRight: number;
}

/** Creates an empty meter. */
export function createExportsMeter(
  opened: readonly OpenExport[],
  decisions: Decisions,
): ExportsMeter {
  const sums = new Map(
    opened.map((each): [OpenExport, Sums] => [
      each,
      { examples: 0, largestDifference: 0, right: 0, studentRight: 0 },
    ]),
  );
  return {
    async add(batch, truth, outputs) {
      for (const [each, sum] of sums) {
        if ('leftOut' in each) continue;
        const compared = batch.slice(0, each.most - sum.examples);
        const answers = await each.answer(compared, outputs.get(each.student)!);
        addAnswers(sum, answers, truth, decisions);
      }
    },
    records: (name) =>
      [...sums].flatMap(([each, sum]): ExportRecord[] => {
        const { student, format } = each;
        if (student !== name) return [];
        if ('leftOut' in each) return [{ format, leftOut: each.leftOut }];
        const { examples, largestDifference, right, studentRight } = sum;
        if (!each.isRounded) requireEqual(student, format, largestDifference);
        const made = examples * decisions.perExample;
        return [
          {
            ...{ format, bytes: each.bytes, examples, largestDifference },
            ...(each.isRounded &&
              examples > 0 && {
                rounded: { accuracy: right / made, studentAccuracy: studentRight / made },
              }),
          },
        ];
      }),
  };
}

function addAnswers(
  sums: Sums,
  { rows, found, expected }: ExportAnswers,
  truth: readonly ArrayLike<number>[],
  decisions: Decisions,
): void {
  sums.examples += rows.length;
  for (const [index, value] of found.entries()) {
    const difference = Math.abs(value - expected[index]!);
    const size = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    sums.largestDifference = Math.max(sums.largestDifference, size);
  }
  const decided = rows.flatMap((row) => Array.from(truth[row]!));
  const rightOf = (outputs: Float32Array) => {
    const answers = predictions(decisionRows(outputs, decisions), decisions.classes);
    return decided.reduce((count, label, index) => count + Number(answers[index] === label), 0);
  };
  sums.right += rightOf(found);
  sums.studentRight += rightOf(expected);
}

function requireEqual(student: string, format: string, difference: number): void {
  if (difference <= tolerance) return;
  throw new UserError(
    `the ${format} file of the student '${student}' is wrong: a probability differs by ${difference.toPrecision(2)} from the student's, and at most ${tolerance} is rounding`,
    'This is an error of counterweight. Please report it with your distill.yaml; students/ has the student.',
  );
}
