import { product } from '../../arrays.ts';
import type { Inputs } from '../teacher.ts';
import { type Layout, toChannelsFirst } from './layout.ts';
import type { Port } from './loaded-model.ts';
import type { ModelInput } from './model-input.ts';

/** Creates the input of a model that reads features: one float32 tensor in some layout. */
export function featuresInput({ name, shape }: Port, layout: Layout): ModelInput {
  const size = product(layout.shape);
  return {
    fixedBatch: shape?.[0],
    feeds({ values }: Inputs, start, n) {
      const part = values.subarray(start * size, (start + n) * size);
      const full = padded(part, n * size);
      const fed = layout.channelsFirst ? toChannelsFirst(full, n, layout.shape[0]!) : full;
      return [{ name, shape: [n, ...layout.shape], values: fed }];
    },
  };
}

/** Appends zeros. */
function padded(values: Float32Array, length: number): Float32Array {
  if (values.length === length) return values;
  const full = new Float32Array(length);
  full.set(values);
  return full;
}
