/**
 * Where students deviate from their teacher, in one pass over the test set and in memory that does not
 * depend on its size.
 *
 *   accuracy by margin   who is right, where the teacher is unsure and where it is sure
 *   exaggeration         the slope b of the least-squares line logit q = a + b logit p, where p and q are
 *                        what teacher and student give to the teacher's most likely class
 *
 * A slope above 1: the student makes the teacher's doubts smaller and its convictions greater, on which
 * Nagarajan et al. ("On student-teacher deviations in distillation", NeurIPS 2023, section 3) found most
 * students to agree. Where the teacher is wrong, a small slope is the better one.
 */

import { z } from 'zod';
import { clamp } from '../arrays.ts';
import { margins, predictions } from '../debias/margin.ts';

/** Bins of the margin, of equal width. */
const bins = 10;
/** Probabilities are kept this far from 0 and 1, whose logits are infinite. */
const floor = 1e-6;

const slope = z.number().nullable();

export const deviationsSchema = z.strictObject({
  /** By the teacher's margin, from 0 to 1: how many examples, and how many of them a model has right. */
  byMargin: z.array(
    z.strictObject({
      low: z.number(),
      high: z.number(),
      examples: z.int(),
      right: z.record(z.string(), z.int()),
    }),
  ),
  /** By student: the slope over all examples, and over those that the teacher has wrong; null where there is no line. */
  exaggeration: z.record(z.string(), z.strictObject({ all: slope, teacherWrong: slope })),
});
export type Deviations = z.infer<typeof deviationsSchema>;

export interface DeviationsMeter {
  /** Takes in one example: its true class, and what teacher and students say of it, [classes]. */
  add(label: number, teacher: Float32Array, students: readonly Float32Array[]): void;
  result(): Deviations;
}

/** @param students their names. */
export function createDeviationsMeter(students: readonly string[]): DeviationsMeter {
  const names = ['teacher', ...students];
  const examples = new Int32Array(bins);
  const right = names.map(() => new Int32Array(bins));
  const lines = students.map(() => ({ all: createLine(), teacherWrong: createLine() }));
  return {
    add(label, teacher, outputs) {
      const classes = teacher.length;
      const bin = Math.min(bins - 1, Math.floor(margins(teacher, classes)[0]! * bins));
      const chosen = [teacher, ...outputs].map((output) => predictions(output, classes)[0]!);
      examples[bin]!++;
      chosen.forEach((index, model) => {
        if (index === label) right[model]![bin]!++;
      });
      const top = chosen[0]!;
      outputs.forEach((output, student) => {
        const { all, teacherWrong } = lines[student]!;
        const point = [logit(teacher[top]!), logit(output[top]!)] as const;
        all.add(...point);
        if (top !== label) teacherWrong.add(...point);
      });
    },
    result: () => ({
      byMargin: Array.from(examples, (count, bin) => ({
        ...{ low: bin / bins, high: (bin + 1) / bins, examples: count },
        right: Object.fromEntries(names.map((name, model) => [name, right[model]![bin]!])),
      })),
      exaggeration: Object.fromEntries(
        students.map((name, student) => {
          const { all, teacherWrong } = lines[student]!;
          return [name, { all: all.slope(), teacherWrong: teacherWrong.slope() }];
        }),
      ),
    }),
  };
}

function logit(probability: number): number {
  const kept = clamp(probability, floor, 1 - floor);
  return Math.log(kept / (1 - kept));
}

/** A least-squares line through points that come one by one (Welford's updates, which do not cancel). */
function createLine() {
  let [n, meanX, meanY, varianceX, covariance] = [0, 0, 0, 0, 0];
  return {
    add(x: number, y: number): void {
      n++;
      const fromMean = x - meanX;
      meanX += fromMean / n;
      meanY += (y - meanY) / n;
      varianceX += fromMean * (x - meanX);
      covariance += fromMean * (y - meanY);
    },
    /** Null for fewer than two different x. */
    slope: (): number | null => (varianceX > 1e-12 ? covariance / varianceX : null),
  };
}
