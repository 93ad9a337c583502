import { predictions } from '../debias/margin.ts';
import type { StudentDescription } from './student-description.ts';

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

/** Makes predictions of n examples from their probabilities, [n, classes]. */
export function predictionsOf(
  probabilities: Float32Array,
  description: StudentDescription,
): StudentPrediction[] {
  const size = description.classes.length;
  return Array.from({ length: probabilities.length / size }, (_, row) =>
    predictionOf(probabilities.slice(row * size, (row + 1) * size), description),
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
