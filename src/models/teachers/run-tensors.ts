import { tf, type tfTypes } from '../../tensorflow.ts';
import { toInt32 } from './int32.ts';
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

/**
 * Makes a tensor; tfjs-node widens int32 to int64 where a SavedModel declares it.
 * @throws RangeError if the values do not fit a type of tfjs: an integer, or any float64.
 */
function tensorOf({ values, shape }: InputTensor): tfTypes.Tensor {
  if (Array.isArray(values)) return tf.tensor(values, [...shape], 'string');
  if (values instanceof Float32Array) return tf.tensor(values, [...shape], 'float32');
  if (values instanceof Float64Array) throw new RangeError('tfjs has no float64');
  return tf.tensor(toInt32(Array.from(values, Number)), [...shape], 'int32');
}
