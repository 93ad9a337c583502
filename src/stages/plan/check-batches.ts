import { type Example, isRejected } from '../../data/example.ts';
import type { Features } from '../../data/features/index.ts';
import { teacherInputs } from '../../distill/teacher-inputs.ts';
import { fixed } from '../../format.ts';
import type { Teacher } from '../../models/teacher.ts';

/** Number of examples in the batch. */
const batchSize = 8;
/** Number of examples that are also answered alone. */
const alone = 2;
/** Maximum difference that rounding explains, also in quantized models. */
const tolerance = 0.05;

/**
 * Compares a teacher's answers to examples alone with those in a batch.
 *
 * @param features The features that the teacher reads.
 * @returns a warning if they differ.
 */
export async function batchWarning(
  teacher: Teacher,
  features: Features,
  sample: readonly Example[],
): Promise<string | undefined> {
  const inputs = teacherInputs(teacher, features);
  const read = await Promise.all(sample.slice(0, batchSize).map((item) => inputs.decode(item)));
  const batch = read.filter((item) => !isRejected(item));
  const answer = async (examples: typeof batch) => {
    const given = { ...inputs.gather(examples), set: 'labeled' } as const;
    return (await teacher.predict(given)).probabilities;
  };
  if (batch.length < 2) return undefined;
  const together = await answer(batch);
  const classes = together.length / batch.length;
  for (const [index, example] of batch.slice(0, alone).entries()) {
    const single = await answer([example]);
    for (const [column, value] of single.entries()) {
      const other = together[index * classes + column]!;
      if (!(Math.abs(value - other) > tolerance)) continue;
      return (
        `The teacher's answer to an example depends on the others in its batch: to '${example.id}' it gives ` +
        `${fixed(value, 2)} alone, and ${fixed(other, 2)} among others. Export it for inference: model.eval() in PyTorch, training=False in Keras.`
      );
    }
  }
  return undefined;
}
