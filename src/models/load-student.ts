/** Loads a student into a program that uses it: examples in, classes out. */
import type { Rejected } from '../data/example.ts';
import { predictions } from '../debias/margin.ts';
import { UserError } from '../errors.ts';
import { openStore } from '../store/open.ts';
import { readModelFiles } from './model-files.ts';
import type { StudentDescription } from './student-description.ts';
import { openStudentInput, type StudentExample } from './student-input.ts';

/** The student's answer for one example. */
export interface StudentPrediction {
  /** Name of the most likely class or label; of tied ones, the first. */
  readonly class: string;
  /**
   * Names of all predicted labels: the class. In a multi-label task, the labels with a probability
   * above 1/2, in the order of `classes`; there may be none.
   */
  readonly labels: readonly string[];
  /**
   * Probability per class, in the order of `classes`; they sum to 1. In a multi-label task, each
   * label has a probability of its own.
   */
  readonly probabilities: Float32Array;
}

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
  const store = await openStore(folder);
  const files = await readModelFiles(store, '');
  const { loadModel } = await import('./student.ts');
  const student = await loadModel(files).catch((error: Error) => {
    throw new UserError(
      `${store.location} does not hold a student: ${error.message}`,
      'Give the folder with student.json and the other files of the student, unchanged.',
    );
  });
  const { description } = student;
  const { classes } = description;
  const input = await openStudentInput(store, description).catch((error: Error) => {
    student.dispose();
    throw error;
  });
  return {
    classes,
    async predict(examples) {
      const answers: StudentPrediction[] = [];
      const rejected: Rejected[] = [];
      for await (const rows of input.rows(examples, rejected)) {
        refuse(rejected);
        const probabilities = student.predict(rows);
        for (let start = 0; start < probabilities.length; start += classes.length) {
          answers.push(
            predictionOf(probabilities.slice(start, start + classes.length), description),
          );
        }
      }
      refuse(rejected);
      return answers;
    },
    dispose() {
      student.dispose();
      input.dispose();
    },
  };
}

/** @throws UserError if an example was rejected. */
function refuse(rejected: readonly Rejected[]): void {
  const [first] = rejected;
  if (!first) return;
  throw new UserError(
    `example ${first.id} cannot be used: ${first.reason}`,
    'Leave it out; examples are counted from 0.',
  );
}

function predictionOf(
  probabilities: Float32Array,
  { classes, multiLabel }: StudentDescription,
): StudentPrediction {
  const [best] = predictions(probabilities, classes.length);
  const mostLikely = classes[best!]!;
  const labels = multiLabel
    ? classes.filter((_, label) => probabilities[label]! > 0.5)
    : [mostLikely];
  return { class: mostLikely, labels, probabilities };
}
