/**
 * Deviations of students from their teacher, in one pass over the test set and in constant memory.
 * In a multi-label task, each decision of an example counts like an example.
 *
 *   accuracy by margin   share of examples that each model classifies correctly, per bin of margin
 *   exaggeration         slope b of the least-squares line logit q = a + b logit p, where p and q
 *                        are the probabilities of teacher and student for the teacher's class
 *
 * With a slope above 1, the student exaggerates: it is surer than a sure teacher, and less sure
 * than an unsure one. Nagarajan et al. ("On student-teacher deviations in distillation", NeurIPS
 * 2023, section 3) found this for most students. On examples that the teacher misclassifies, a
 * small slope is better.
 */

import { z } from 'zod';
import { clamp } from '../arrays.ts';
import { type Decisions, decisionRows } from '../debias/decisions.ts';
import { margins, predictions } from '../debias/margin.ts';

/** Number of bins of the margin, of equal width. */
const bins = 10;
/** Minimum distance of probabilities from 0 and 1, whose logits are infinite. */
const floor = 1e-6;

const slope = z.number().nullable();

export const deviationsSchema = z.strictObject({
  /**
   * Examples, or decisions in a multi-label task, per bin of the teacher's margin, and the number
   * that each model classifies correctly.
   */
  byMargin: z.array(
    z.strictObject({
      low: z.number(),
      high: z.number(),
      examples: z.int(),
      right: z.record(z.string(), z.int()),
    }),
  ),
  /** Slope per student, over all examples and over the teacher's mistakes; null without a line. */
  exaggeration: z.record(z.string(), z.strictObject({ all: slope, teacherWrong: slope })),
});
/** Deviations of all students. */
export type Deviations = z.infer<typeof deviationsSchema>;

/** Accumulator of deviations. */
export interface DeviationsMeter {
  /**
   * Adds an example: its true class of each decision, [perExample], and the outputs of teacher and
   * students, [outputs].
   */
  add(decided: ArrayLike<number>, teacher: Float32Array, students: readonly Float32Array[]): void;
  result(): Deviations;
}

/** Creates an accumulator. @param students their names. */
export function createDeviationsMeter(
  students: readonly string[],
  decisions: Decisions,
): DeviationsMeter {
  const { classes } = decisions;
  const names = ['teacher', ...students];
  const examples = new Int32Array(bins);
  const right = names.map(() => new Int32Array(bins));
  const lines = students.map(() => ({ all: createLine(), teacherWrong: createLine() }));
  /** Adds a decision. @param teacher, outputs [classes] */
  const addDecision = (label: number, teacher: Float32Array, outputs: readonly Float32Array[]) => {
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
  };
  return {
    add(decided, teacher, outputs) {
      const [teacherRows, ...rows] = [teacher, ...outputs].map((row) =>
        decisionRows(row, decisions),
      );
      for (let d = 0; d < decisions.perExample; d++) {
        const rowOf = (all: Float32Array) => all.subarray(d * classes, (d + 1) * classes);
        addDecision(decided[d]!, rowOf(teacherRows!), rows.map(rowOf));
      }
    },
    result: () => ({
      byMargin: Array.from(examples, (count, bin) => ({
        low: bin / bins,
        high: (bin + 1) / bins,
        examples: count,
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

/** Fits a least-squares line to a stream of points by Welford's updates, which do not cancel. */
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
    /** Returns the slope; null for fewer than two different x. */
    slope: (): number | null => (varianceX > 1e-12 ? covariance / varianceX : null),
  };
}
