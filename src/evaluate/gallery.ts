import { z } from 'zod';
import { indexOfLargest, sum } from '../arrays.ts';
import { type Decisions, decisionRows } from '../debias/decisions.ts';
import { Top } from './top.ts';

const answer = z.strictObject({
  /** Class; in a multi-label task, yes or no. */
  class: z.string(),
  /** Probability of it. */
  probability: z.number(),
});

const exampleSchema = z.strictObject({
  shard: z.string(),
  id: z.string(),
  /** Label that the answers are about, if the task is multi-label. */
  about: z.string().optional(),
  /** True class; in a multi-label task, yes or no. */
  truth: z.string(),
  teacher: answer,
  student: answer,
});
/** A measured example, with the answers of teacher and student. */
export type GalleryExample = z.infer<typeof exampleSchema>;

/** Measured examples to look at. */
export const gallerySchema = z.strictObject({
  /** Those that the first student gets wrong, the surest first. */
  mistakes: z.array(exampleSchema),
  /** Those with other answers of the first student and the teacher, by total variation distance. */
  disagreements: z.array(exampleSchema),
});
export type Gallery = z.infer<typeof gallerySchema>;

/** Accumulator of the examples to look at. */
export interface GalleryMeter {
  /**
   * Adds an example.
   * @param decided True class of each decision, [perExample].
   * @param teacher, student Outputs, [outputs].
   */
  add(
    example: { readonly shard: string; readonly id: string },
    decided: ArrayLike<number>,
    teacher: Float32Array,
    student: Float32Array,
  ): void;
  result(): Gallery;
}

/**
 * Creates an accumulator. Memory holds `count` examples per list; in a multi-label task, an example
 * counts by its worst decision.
 */
export function createGalleryMeter(
  classes: readonly string[],
  decisions: Decisions,
  count: number,
): GalleryMeter {
  const mistakes = new Top<GalleryExample>(count);
  const disagreements = new Top<GalleryExample>(count);
  const { classes: width, perExample, isMultiLabel } = decisions;
  const nameOf = (index: number) => (isMultiLabel ? ['no', 'yes'][index]! : classes[index]!);
  return {
    add(example, decided, teacherOutputs, studentOutputs) {
      const [teachers, students] = [teacherOutputs, studentOutputs].map((outputs) =>
        decisionRows(outputs, decisions),
      ) as [Float32Array, Float32Array];
      const make = (decision: number) => (): GalleryExample => {
        const answerOf = (rows: Float32Array) => {
          const row = rows.subarray(decision * width, (decision + 1) * width);
          const best = indexOfLargest(row);
          return { class: nameOf(best), probability: row[best]! };
        };
        return {
          ...{ shard: example.shard, id: example.id },
          ...(isMultiLabel && { about: classes[decision]! }),
          truth: nameOf(decided[decision]!),
          teacher: answerOf(teachers),
          student: answerOf(students),
        };
      };
      let surest = { decision: 0, score: 0 };
      let farthest = { decision: 0, score: 0 };
      for (let decision = 0; decision < perExample; decision++) {
        const student = students.subarray(decision * width, (decision + 1) * width);
        const teacher = teachers.subarray(decision * width, (decision + 1) * width);
        const best = indexOfLargest(student);
        if (best !== decided[decision] && student[best]! > surest.score) {
          surest = { decision, score: student[best]! };
        }
        if (best === indexOfLargest(teacher)) continue;
        const score = sum(student.map((p, c) => Math.abs(p - teacher[c]!))) / 2;
        if (score > farthest.score) farthest = { decision, score };
      }
      if (surest.score > 0) mistakes.add(surest.score, make(surest.decision));
      if (farthest.score > 0) disagreements.add(farthest.score, make(farthest.decision));
    },
    result: () => ({ mistakes: mistakes.result(), disagreements: disagreements.result() }),
  };
}
