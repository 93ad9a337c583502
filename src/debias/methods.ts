/**
 * The methods by which the student's loss is corrected: the one place where they are added. A method
 * turns the validation points, made anew from the current student, into a function that gives the
 * loss weights of unlabeled examples.
 */
import type { ValidationPoints } from './validation.ts';
import { createWeightEstimator, type WeightOptions } from './weights.ts';

/**
 * Writes the loss weights of n examples to `weights`, all [n]. A margin of NaN (an example with a
 * true label) gives 1.
 */
export type WeightFunction = (
  teacherMargins: Float32Array,
  studentMargins: Float32Array,
  weights: Float32Array,
) => void;

export interface Method {
  readonly name: MethodName;
  /** Undefined when the method does not weight: every example counts 1. */
  weightFunction(points: ValidationPoints, options: WeightOptions): WeightFunction | undefined;
}

export const methodNames = ['weighted', 'uniform'] as const;
export type MethodName = (typeof methodNames)[number];

export const methods: Readonly<Record<MethodName, Method>> = {
  weighted: {
    name: 'weighted',
    weightFunction(points, options) {
      const estimator = createWeightEstimator(points, options);
      return (teacherMargins, studentMargins, weights) =>
        estimator.estimate(teacherMargins, studentMargins, { weights });
    },
  },
  uniform: {
    name: 'uniform',
    weightFunction: () => undefined,
  },
};
