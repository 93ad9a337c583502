import { z } from 'zod';
import type { ValidationPoints } from '../debias/validation.ts';
import { namesOf, recordOf } from '../table.ts';

const numbers = z.array(z.number());

const points = {
  teacherMargins: numbers,
  studentMargins: numbers,
  wrong: numbers,
  teacherLosses: numbers,
  trueLosses: numbers,
};
const pointNames = namesOf(points);

/**
 * `runs/<run>/warmup/validation.json`: teacher and f₀ on the validation set. Warm up writes it, and
 * every Weigh task reads it. Arrays are [validation examples]; in a multi-label task, [labels,
 * validation examples].
 */
export const validationFileSchema = z.strictObject({
  ...points,
  /** Reasons to doubt the estimates, each with a remedy. */
  warnings: z.array(z.string()),
});
export type ValidationFile = z.infer<typeof validationFileSchema>;

/** Makes the file. @param points per decision of an example (`Decisions`), each [n]. */
export function toFile(points: readonly ValidationPoints[], warnings: string[]): ValidationFile {
  const all = (name: keyof ValidationPoints) => points.flatMap((one) => Array.from(one[name]));
  return { ...recordOf(pointNames, all), warnings };
}

/** Returns the points of all decisions together. */
export function toPoints(file: ValidationFile): ValidationPoints {
  return {
    teacherMargins: Float32Array.from(file.teacherMargins),
    studentMargins: Float32Array.from(file.studentMargins),
    wrong: Uint8Array.from(file.wrong),
    teacherLosses: Float64Array.from(file.teacherLosses),
    trueLosses: Float64Array.from(file.trueLosses),
  };
}

/** Returns the points per decision of an example. */
export function pointsByDecision(file: ValidationFile, perExample: number): ValidationPoints[] {
  const n = file.wrong.length / perExample;
  return Array.from({ length: perExample }, (_, decision) => {
    const own = recordOf(pointNames, (name) => file[name].slice(decision * n, (decision + 1) * n));
    return toPoints({ ...own, warnings: [] });
  });
}
