import { UserError } from '../../errors.ts';
import type { ExportRecord } from '../../evaluate/run-metrics.ts';
import type { ComparedExample, OpenExport } from './open-exports.ts';

/** Largest difference of a probability in float32, between two programs that are right. */
const tolerance = 1e-4;

/** Collects the differences of exported files and their students. */
export interface ExportsMeter {
  /**
   * Compares the files on a batch, until each was compared on enough examples.
   * @param outputs Probabilities by model, [n, outputs].
   */
  add(batch: readonly ComparedExample[], outputs: ReadonlyMap<string, Float32Array>): Promise<void>;
  /**
   * Returns the records of a student's files.
   * @throws UserError if a file differs from the student.
   */
  records(student: string): ExportRecord[];
}

/** Creates an empty meter. */
export function createExportsMeter(opened: readonly OpenExport[]): ExportsMeter {
  const records = new Map(opened.map((each) => [each, { examples: 0, largestDifference: 0 }]));
  return {
    async add(batch, outputs) {
      for (const [each, record] of records) {
        if ('leftOut' in each) continue;
        const compared = batch.slice(0, each.most - record.examples);
        const found = await each.difference(compared, outputs.get(each.student)!);
        record.examples += found.examples;
        record.largestDifference = Math.max(record.largestDifference, found.largest);
      }
    },
    records: (name) =>
      [...records].flatMap(([each, record]): ExportRecord[] => {
        const { student, format } = each;
        if (student !== name) return [];
        if ('leftOut' in each) return [{ format, leftOut: each.leftOut }];
        requireEqual(student, format, record.largestDifference);
        return [{ format, bytes: each.bytes, ...record }];
      }),
  };
}

function requireEqual(student: string, format: string, difference: number): void {
  if (difference <= tolerance) return;
  throw new UserError(
    `the ${format} file of the student '${student}' is wrong: a probability differs by ${difference.toPrecision(2)} from the student's, and at most ${tolerance} is rounding`,
    'This is an error of counterweight. Please report it with your distill.yaml; students/ has the student.',
  );
}
