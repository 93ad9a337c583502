import { outputName } from '../../../src/models/exports/operations.ts';
import type { InputTensor } from '../../../src/models/teachers/loaded-model.ts';
import { InferenceSession, Tensor } from '../../../src/onnxruntime.ts';

/** Runs an ONNX file in memory; returns its probabilities. */
export async function runOnnx(
  file: Uint8Array,
  feeds: readonly InputTensor[],
): Promise<Float32Array> {
  const session = await InferenceSession.create(file, { logSeverityLevel: 4 });
  const tensors = feeds.map(({ name, values, shape }) => [
    name,
    // The constructor has one overload per type of values.
    Array.isArray(values)
      ? new Tensor('string', values, shape)
      : new Tensor(values as Float32Array, shape),
  ]);
  const results = await session.run(Object.fromEntries(tensors));
  await session.release();
  return results[outputName]!.data as Float32Array;
}
