/**
 * The interface of a method that corrects the student's loss for the teacher's mistakes. Each
 * method is one object in the file with its formula; `methods.ts` is the table of all methods. The
 * rest of the code reads these objects and never names a method.
 */
import type { z } from 'zod';
import type { ValidationPoints } from './validation.ts';

/**
 * One method.
 *
 * The types of the config, of the losses and of a preparation belong to higher layers, so they are
 * parameters here. Each caller sets those that it uses, and the compiler checks all methods.
 */
export interface Method<Config = never, Loss = LossDescription, Preparation = unknown> {
  /** The name in `distill.yaml`. */
  readonly name: string;
  /** `soft` if the method needs the teacher's probabilities as labels. */
  readonly labels: 'soft' | 'either';
  readonly needs: readonly Need[];
  /** The fields of the student's training that the method has no meaning with. Default: none. */
  readonly excludes?: readonly Excluded[];
  /** The method's own section of `distill.yaml`, whose key is the method's name. */
  readonly options?: z.ZodType;
  /** The number of trainings on the whole unlabeled set that one student costs. Default: 1. */
  readonly trainings?: (config: Config, unlabeledExamples: number) => number;
  /**
   * Makes the loss correction from the validation points. Called again every epoch, because the
   * points change with the student.
   *
   * @throws RangeError if the method needs validation points and there are none.
   */
  readonly correct: (points: ValidationPoints, config: Config) => Correction<Loss>;
  /** Loads the work to do before the student is trained. */
  readonly prepare?: () => Promise<{ readonly prepare: Preparation }>;
  /** The results of the preparation that the metrics and the report include. */
  readonly record?: MethodRecord;
}

/**
 * A method's requirement.
 *
 * - `validation`: labels that the teacher was not trained on.
 * - `embeddings`: the teacher's embedding of every example.
 * - `folds`: at least two folds of the labels, for cross-validation of students.
 * - `oneClass`: a task with one class per example, not several labels.
 */
export type Need = 'validation' | 'embeddings' | 'folds' | 'oneClass';

/**
 * A field of a network that changes what the student learns.
 *
 * - `mixup`: a mixed example has no teacher margin, and its student margin is that of no example.
 * - `labelSmoothing`: for a method that has its own model of the noise in the labels.
 */
export type Excluded = 'mixup' | 'labelSmoothing';

/** A JSON file that a preparation writes beside the student. */
export interface MethodRecord {
  /** The field of the student in `metrics.json`. */
  readonly field: string;
  /** The file's name in the student's folder. */
  readonly file: string;
  readonly schema: z.ZodType;
  /**
   * Lists the other files in the student's folder that a preparation with this record has written,
   * except those that the `student.json` of a model lists. Default: none.
   */
  readonly files?: (record: unknown, facts: PreparedFacts) => string[];
}

/** Facts of a run on which the files of a preparation depend. */
export interface PreparedFacts {
  readonly folds: number;
  /** Ids of the unlabeled shards, and of those whose labels judge the teacher. */
  readonly shards: readonly string[];
}

/** Lists the students of a preparation's folder, one per fold. */
export function foldStudents(folder: string, folds: number): string[] {
  return Array.from({ length: folds }, (_, fold) => `${folder}fold-${fold}/student.json`);
}

/** A loss other than cross-entropy, which `src/train/losses/` computes. */
export interface LossDescription {
  readonly kind: string;
}

/** The correction of the loss on unlabeled examples. A field that is absent changes nothing. */
export interface Correction<Loss = LossDescription> {
  /** The weights of examples, if they depend on the student. */
  readonly weigh?: WeightFunction;
  /** The weight of an example, if it depends on the teacher only. */
  readonly weightOf?: (label: TeacherLabel) => number;
  /** Default: cross-entropy. */
  readonly loss?: Loss;
}

/**
 * Writes the loss weights of n examples to `weights`; all arrays are [n]. A margin of NaN (an
 * example with a true label) gives 1.
 */
export type WeightFunction = (
  teacherMargins: Float32Array,
  studentMargins: Float32Array,
  weights: Float32Array,
) => void;

/** The teacher's output for an example. */
export interface TeacherLabel {
  /** [classes] */
  readonly probabilities: Float32Array;
  /** In [0, 1]. */
  readonly margin: number;
}
