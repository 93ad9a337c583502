import { product } from '../../arrays.ts';
import type { Features } from '../../data/features/index.ts';
import { numbersOf } from '../../data/features/kind.ts';
import type { Inputs } from '../teacher.ts';
import { featureType } from './feature-types.ts';
import { type Layout, toChannelsFirst } from './layout.ts';
import type { Port } from './loaded-model.ts';
import type { ModelInput } from './model-input.ts';

/**
 * Creates the input of a model that reads features: one tensor in some layout.
 *
 * @param model Name of the model in errors.
 * @throws UserError if features cannot be given in the type of the input.
 */
export function featuresInput(
  port: Port,
  features: Features,
  layout: Layout,
  model: string,
): ModelInput {
  const { name, shape } = port;
  const convert = featureType(port, features, model);
  const size = product(layout.shape);
  return {
    fixedBatch: shape?.[0],
    feeds({ rows }: Inputs, start, n) {
      const part = numbersOf(rows).subarray(start * size, (start + n) * size);
      const full = padded(part, n * size);
      const fed = layout.channelsFirst ? toChannelsFirst(full, n, layout.shape[0]!) : full;
      return [{ name, shape: [n, ...layout.shape], values: convert(fed) }];
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
