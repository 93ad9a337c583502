/** A student in memory with all that a prediction takes: examples in, probabilities out. */
import type { Features } from '../data/features/index.ts';
import type { Rows } from '../data/features/kind.ts';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { readModelFiles } from './model-files.ts';
import { predictionsOf, type StudentPrediction } from './prediction.ts';
import type { StudentDescription } from './student-description.ts';
import { type InputItem, openStudentInput, type UnusableInput } from './student-input.ts';

/** Predictions of n examples. */
export interface PredictedBatch {
  /** [n] */
  readonly ids: readonly string[];
  /** [n] */
  readonly predictions: readonly StudentPrediction[];
  /** Input of the student, also of examples whose probabilities are not finite. */
  readonly rows: Rows;
}

export interface Predictor {
  readonly description: StudentDescription;
  /** Features of the examples, from which the student or its encoder reads. */
  readonly features: Features;
  /** Yields the predictions of the usable examples in batches, in the order of the examples. */
  predict(
    items: AsyncIterable<InputItem>,
    onRejected: (rejected: UnusableInput) => void,
  ): AsyncGenerator<PredictedBatch>;
  /** Frees the native memory. */
  dispose(): void;
}

/**
 * Opens a student, with its encoder if it has one. Loads TensorFlow if it needs that.
 *
 * @param store The student's folder.
 * @throws UserError if the folder does not hold a student.
 */
export async function openPredictor(store: ObjectStore): Promise<Predictor> {
  const files = await readModelFiles(store, '');
  const { loadModel } = await import('./student.ts');
  const student = await loadModel(files).catch((error: Error) => {
    throw new UserError(
      `${store.location} does not hold a student: ${error.message}`,
      'Give the folder with student.json and the other files of the student, unchanged.',
    );
  });
  const { description } = student;
  const input = await openStudentInput(store, description).catch((error: Error) => {
    student.dispose();
    throw error;
  });
  return {
    description,
    features: featuresOfExamples(description),
    async *predict(items, onRejected) {
      for await (const { ids, rows } of input.batches(items, onRejected)) {
        const predictions = predictionsOf(student.predict(rows), description);
        const usable = [...ids.keys()].filter((row) => {
          const isUsable = predictions[row]!.probabilities.every(Number.isFinite);
          if (!isUsable) onRejected({ id: ids[row]!, reason: notFinite });
          return isUsable;
        });
        yield {
          ids: usable.map((row) => ids[row]!),
          predictions: usable.map((row) => predictions[row]!),
          rows,
        };
      }
    },
    dispose() {
      student.dispose();
      input.dispose();
    },
  };
}

const notFinite =
  'The student gives it probabilities that are not numbers: its values are far outside of those in training.';

/** Returns the features of the examples of a student, also if it has an encoder. */
export function featuresOfExamples({ features, examples }: StudentDescription): Features {
  return examples ?? features;
}
