/** Loads a student into a program that uses it: examples in, classes out. */
import type { Rejected } from '../data/example.ts';
import { UserError } from '../errors.ts';
import { openStore } from '../store/open.ts';
import type { StudentPrediction } from './prediction.ts';
import { openPredictor } from './predictor.ts';
import { itemsOf, type StudentExample } from './student-input.ts';

/** A student in memory. */
export interface LoadedStudent {
  /** Names of the classes, or of the labels. */
  readonly classes: readonly string[];
  /**
   * Predicts examples in batches; decodes and normalizes them as in the student's training.
   * @returns one prediction per example, in their order.
   * @throws UserError if an example cannot be used: its index, and the reason.
   */
  predict(
    examples: Iterable<StudentExample> | AsyncIterable<StudentExample>,
  ): Promise<StudentPrediction[]>;
  /** Frees the native memory. */
  dispose(): void;
}

/**
 * Loads a student, with TensorFlow if it needs that.
 *
 * @param folder The student's folder: a path, a `file:` URL or s3://bucket/prefix.
 * @throws UserError if the folder does not hold a student.
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { loadStudent } from 'counterweight';
 *
 * const student = await loadStudent('results/runs/digits-1/students/relabel');
 * const [prediction] = await student.predict([await readFile('seven.png')]);
 * console.log(prediction?.class, prediction?.probabilities);
 * student.dispose();
 */
export async function loadStudent(folder: string): Promise<LoadedStudent> {
  const student = await openPredictor(await openStore(folder));
  const { classes } = student.description;
  return {
    classes,
    async predict(examples) {
      const answers: StudentPrediction[] = [];
      const items = itemsOf(examples, student.features);
      for await (const { predictions } of student.predict(items, refuse)) {
        answers.push(...predictions);
      }
      return answers;
    },
    dispose: () => student.dispose(),
  };
}

/** @throws UserError about an example that cannot be used. */
function refuse({ id, reason }: Rejected): never {
  throw new UserError(
    `example ${id} cannot be used: ${reason}`,
    'Leave it out; examples are counted from 0.',
  );
}
