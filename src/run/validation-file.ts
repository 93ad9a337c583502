import { z } from 'zod';
import type { ValidationPoints } from '../debias/validation.ts';

const numbers = z.array(z.number());

/**
 * `runs/<run>/warmup/validation.json`: teacher and f₀ on the validation set. Warm up writes it, and
 * every Weigh task reads it. Arrays are [validation examples].
 */
export const validationFileSchema = z.strictObject({
  teacherMargins: numbers,
  studentMargins: numbers,
  wrong: numbers,
  teacherLosses: numbers,
  trueLosses: numbers,
  /** Reasons to doubt the estimates, each with a remedy. */
  warnings: z.array(z.string()),
});
export type ValidationFile = z.infer<typeof validationFileSchema>;

export function toFile(points: ValidationPoints, warnings: string[]): ValidationFile {
  return {
    teacherMargins: Array.from(points.teacherMargins),
    studentMargins: Array.from(points.studentMargins),
    wrong: Array.from(points.wrong),
    teacherLosses: Array.from(points.teacherLosses),
    trueLosses: Array.from(points.trueLosses),
    warnings,
  };
}

export function toPoints(file: ValidationFile): ValidationPoints {
  return {
    teacherMargins: Float32Array.from(file.teacherMargins),
    studentMargins: Float32Array.from(file.studentMargins),
    wrong: Uint8Array.from(file.wrong),
    teacherLosses: Float64Array.from(file.teacherLosses),
    trueLosses: Float64Array.from(file.trueLosses),
  };
}
