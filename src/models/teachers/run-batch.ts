import { UserError } from '../../errors.ts';
import { counted } from '../../format.ts';
import type { Inputs } from '../teacher.ts';
import { type LoadedModel, type Output, shapeText } from './loaded-model.ts';
import type { ModelInput } from './model-input.ts';

/** A model with all that running it takes. */
export interface RunnableModel {
  readonly model: LoadedModel;
  readonly input: ModelInput;
  /** Names of its outputs, and the numbers per example of each. */
  readonly outputs: readonly { readonly name: string; readonly size: number }[];
}

/** Outputs for n examples. */
export interface BatchOutputs {
  /** [n, size], per output; NaN for an example that the model fails on. */
  readonly values: readonly Float32Array[];
  /** Messages of the model, by row. */
  readonly failures: ReadonlyMap<number, string>;
}

/**
 * Runs a model on a batch, in parts of the batch size that the model is fixed to. A model of
 * columns may fail on a single example, such as a category that it has not learned: the others are
 * then run one by one.
 */
export async function runBatch(
  { model, input, outputs }: RunnableModel,
  inputs: Inputs,
): Promise<BatchOutputs> {
  const n = inputs.ids.length;
  const names = outputs.map(({ name }) => name);
  const values = outputs.map(({ size }) => new Float32Array(n * size).fill(Number.NaN));
  const failures = new Map<number, string>();
  const run = async (start: number, step: number): Promise<void> => {
    const results = await model.run(input.feeds(inputs, start, step), names);
    const count = Math.min(step, n - start);
    for (const [index, { size }] of outputs.entries()) {
      values[index]!.set(rowsOf(results[index]!, { n: step, size }, count), start * size);
    }
  };
  const step = input.fixedBatch ?? n;
  for (let start = 0; start < n; start += step) {
    try {
      await run(start, step);
    } catch (error) {
      // A UserError is about the model, such as a process that was stopped, not about an example.
      if (input.columns === undefined || error instanceof UserError) throw error;
      const end = Math.min(start + step, n);
      for (let row = start; row < end; row++) {
        await run(row, input.fixedBatch ?? 1).catch((failure: Error) => {
          if (failure instanceof UserError) throw failure;
          failures.set(row, failure.message);
        });
      }
    }
  }
  return { values, failures };
}

/**
 * Returns the first rows of an output of n rows. Its shape does not count: a model may drop an axis
 * of size 1.
 */
function rowsOf(
  { shape, values }: Output,
  { n, size }: { readonly n: number; readonly size: number },
  count: number,
): Float32Array {
  if (values.length === n * size) return values.subarray(0, count * size);
  throw new UserError(
    `the teacher gives an output of ${shapeText(shape)} for ${counted(n, 'example')}: expected ${size} numbers per example`,
    'Export the model with a batch dimension that is the same for input and outputs.',
  );
}
