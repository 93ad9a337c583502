import { type Example, isRejected, type Rejected } from '../../data/example.ts';
import type { Features } from '../../data/features/index.ts';
import { predictions } from '../../debias/margin.ts';
import { teacherInputs } from '../../distill/teacher-inputs.ts';
import type { Teacher } from '../../models/teacher.ts';

/** Answers of a teacher to the examples that it can read. */
export interface SampleAnswers {
  readonly examples: readonly Example[];
  /** [examples], the predicted class, or -1 without an answer. */
  readonly predictions: readonly number[];
  /** Message of the model on the first example that it fails on. */
  readonly failure: string | undefined;
  /** First example that cannot be read. */
  readonly rejected: Rejected | undefined;
  /** Number of texts that were cut to the teacher's maximum length. */
  readonly truncated: number;
}

/**
 * Gives labeled examples to a teacher.
 *
 * @param features The features that the teacher reads.
 */
export async function answerSample(
  teacher: Teacher,
  features: Features,
  sample: readonly Example[],
  classes: number,
): Promise<SampleAnswers> {
  const inputs = teacherInputs(teacher, features);
  const found: number[] = [];
  const examples: Example[] = [];
  let failure: string | undefined;
  let truncated = 0;
  let rejected: Rejected | undefined;
  for (let start = 0; start < sample.length; start += teacher.batchSize) {
    const part = sample.slice(start, start + teacher.batchSize);
    const read = await Promise.all(part.map((example) => inputs.decode(example)));
    const batch = read.filter((item) => !isRejected(item));
    rejected ??= read.find(isRejected);
    examples.push(...part.filter((_, index) => !isRejected(read[index]!)));
    if (batch.length === 0) continue;
    const answer = await teacher.predict({
      ...inputs.gather(batch),
      set: 'labeled',
    });
    const { probabilities, failures } = answer;
    failure ??= failures?.values().next().value;
    truncated += answer.truncated ?? 0;
    for (const [index, prediction] of predictions(probabilities, classes).entries()) {
      found.push(Number.isNaN(probabilities[index * classes]!) ? -1 : prediction);
    }
  }
  return { examples, predictions: found, failure, rejected, truncated };
}
