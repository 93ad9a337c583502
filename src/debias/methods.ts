/**
 * The methods by which the student's loss is corrected: the one place where they are added. A method
 * makes a correction of the validation points; those are made anew from the student every epoch.
 */
import { clamp } from '../arrays.ts';
import { correctness } from './correctness.ts';
import { entropyWeight } from './entropy.ts';
import { fidelityWeight } from './fidelity.ts';
import { type Mixing, slamMixing } from './slam.ts';
import type { ValidationPoints } from './validation.ts';
import { createWeightEstimator, type WeightOptions } from './weights.ts';

export interface MethodOptions extends WeightOptions {
  /** SLaM's k. */
  readonly topK: number;
}

/** How a method corrects the loss of unlabeled examples. What is missing is not corrected. */
export interface Correction {
  /** The weights of examples, where the student has a say in them. */
  readonly weigh?: WeightFunction;
  /** The weight of an example, where the teacher alone decides. */
  readonly weightOf?: (label: TeacherLabel) => number;
  /** How the student's answer is mixed before the loss. */
  readonly mixing?: Mixing;
}

/**
 * Writes the loss weights of n examples to `weights`, all [n]. A margin of NaN (an example with a
 * true label) gives 1.
 */
export type WeightFunction = (
  teacherMargins: Float32Array,
  studentMargins: Float32Array,
  weights: Float32Array,
) => void;

/** What the teacher says of an example. */
export interface TeacherLabel {
  /** [classes] */
  readonly probabilities: Float32Array;
  readonly margin: number;
}

/** @throws RangeError when a method that needs them is given no points. */
export type Method = (points: ValidationPoints, options: MethodOptions) => Correction;

export const methods = {
  weighted(points, options) {
    const estimator = createWeightEstimator(points, options);
    return {
      weigh(teacherMargins, studentMargins, weights) {
        estimator.estimate(teacherMargins, studentMargins, { weights });
      },
    };
  },

  /** The weight is P(teacher right | teacher margin). */
  correctness(points, { bounds }) {
    const probabilityRight = correctness(points, bounds);
    return { weightOf: ({ margin }) => probabilityRight(margin) };
  },

  entropy: (_, { bounds: [low, high] }) => ({
    weightOf: ({ probabilities }) => clamp(entropyWeight(probabilities), low, high),
  }),

  fidelity(points, options) {
    const estimator = createWeightEstimator(points, options);
    const [low, high] = options.bounds;
    return {
      weigh(teacherMargins, studentMargins, weights) {
        const errorProbabilities = new Float32Array(weights.length);
        estimator.estimate(teacherMargins, studentMargins, { weights, errorProbabilities });
        for (const [i, p] of errorProbabilities.entries()) {
          if (Number.isNaN(teacherMargins[i])) continue;
          weights[i] = clamp(fidelityWeight(p), low, high);
        }
      },
    };
  },

  slam: (points, { topK }) => ({ mixing: slamMixing(points, topK) }),

  /** The labels are split (`lelp.ts`, `distill/methods/lelp.ts`); the loss on them is as it is. */
  lelp: () => ({}),

  /**
   * The labels are made anew (`distill/methods/relabel.ts`); the loss on them is as it is. Where they are not,
   * the student is one of `correctness` (`stages/train.ts`).
   */
  relabel: () => ({}),

  /** Stands for another one, which is chosen before (`distill/methods/auto.ts`). */
  auto: () => ({}),

  /** Plain distillation. */
  uniform: () => ({}),
} as const satisfies Record<string, Method>;

export type MethodName = keyof typeof methods;

/** Those that ask nothing of the validation points. */
export const blindMethods: readonly MethodName[] = ['uniform', 'entropy', 'lelp'];

/** Object.keys forgets which keys they are. */
export const methodNames = Object.keys(methods) as [MethodName, ...MethodName[]];
