import { type Example, isRejected, type Rejected } from '../../data/example.ts';
import type { Features } from '../../data/features/index.ts';
import { type Decisions, decisionRows } from '../../debias/decisions.ts';
import { predictions } from '../../debias/margin.ts';
import { teacherInputs } from '../../distill/teacher-inputs.ts';
import type { Teacher } from '../../models/teacher.ts';

/** Answers of a teacher to the examples that it can read. */
export interface SampleAnswers {
  readonly examples: readonly Example[];
  /** Per example, the predicted decisions, [perExample]; undefined without an answer. */
  readonly predictions: readonly (Int32Array | undefined)[];
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
  decisions: Decisions,
): Promise<SampleAnswers> {
  const inputs = teacherInputs(teacher, features);
  const { outputs, perExample, classes } = decisions;
  const found: (Int32Array | undefined)[] = [];
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
    const predicted = predictions(decisionRows(probabilities, decisions), classes);
    for (const index of batch.keys()) {
      const isAnswered = !Number.isNaN(probabilities[index * outputs]);
      const own = predicted.subarray(index * perExample, (index + 1) * perExample);
      found.push(isAnswered ? own : undefined);
    }
  }
  return { examples, predictions: found, failure, rejected, truncated };
}
