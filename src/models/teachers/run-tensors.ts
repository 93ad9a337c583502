import { tf, type tfTypes } from '../../tensorflow.ts';
import type { InputTensor, Output } from './loaded-model.ts';

/** Calls a TensorFlow model with one tensor per feed and copies its outputs; frees all tensors. */
export function runTensors(
  feeds: readonly InputTensor[],
  predict: (inputs: readonly tfTypes.Tensor[]) => readonly tfTypes.Tensor[],
): Output[] {
  const outputs: Output[] = [];
  tf.tidy(() => {
    for (const tensor of predict(feeds.map(tensorOf))) {
      if (tensor.dtype !== 'float32') throw new Error(`an output is ${tensor.dtype}, not float32`);
      outputs.push({ shape: tensor.shape, values: tensor.dataSync() as Float32Array });
    }
  });
  return outputs;
}

/** Makes a tensor; tfjs-node widens int32 to int64 where a SavedModel declares it. */
function tensorOf({ values, shape }: InputTensor): tfTypes.Tensor {
  if (Array.isArray(values)) return tf.tensor(values, [...shape], 'string');
  if (values instanceof Float32Array) return tf.tensor(values, [...shape], 'float32');
  return tf.tensor(Int32Array.from(values, Number), [...shape], 'int32');
}
