import type { StudentUsageOf } from './facts.ts';
import { answerLines, onnxProgram, sessionLines, tfjsLines, tfjsPackages } from './snippets.ts';

/** Usage of a student of vectors. */
export const vectorUsage: StudentUsageOf<'vector'> = ({ length }, facts) => ({
  input: [`A vector has ${length} numbers, which are used as they are.`],
  example: `new Array(${length}).fill(0)`,
  python: onnxProgram(facts, ['onnxruntime', 'numpy'], () => [
    ...sessionLines(['import numpy as np']),
    '',
    'def predict(numbers):',
    `    vector = np.asarray(numbers, np.float32).reshape(1, ${length})`,
    ...answerLines("{'vector': vector}"),
    '',
    `print(predict([0] * ${length}))`,
  ]),
  browser: {
    packages: tfjsPackages,
    lines: tfjsLines([
      'export async function predict(numbers) {',
      `  const input = tf.tensor([...numbers], [1, ${length}]);`,
    ]),
  },
});
