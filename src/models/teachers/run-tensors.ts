import { tf, type tfTypes } from '../../tensorflow.ts';
import type { Output } from './loaded-model.ts';

/** Calls a TensorFlow model and copies its outputs; frees all tensors. */
export function runTensors(
  values: Float32Array,
  shape: readonly number[],
  predict: (input: tfTypes.Tensor) => readonly tfTypes.Tensor[],
): Output[] {
  const outputs: Output[] = [];
  tf.tidy(() => {
    for (const tensor of predict(tf.tensor(values, [...shape], 'float32'))) {
      if (tensor.dtype !== 'float32') throw new Error(`an output is ${tensor.dtype}, not float32`);
      outputs.push({ shape: tensor.shape, values: tensor.dataSync() as Float32Array });
    }
  });
  return outputs;
}
