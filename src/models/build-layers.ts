/**
 * Builds networks within a number of weights. A file of a few hundred bytes can state any number of
 * weights, for which tfjs reserves memory and draws random numbers as it builds the layers.
 */
import { product } from '../arrays.ts';
import { tf, type tfTypes } from '../tensorflow.ts';
import { maxParameters } from './allowed/budget.ts';
import { tooLargeNetwork } from './allowed/refused-part.ts';
import type { Topology } from './topology.ts';

type Initializer = Pick<ReturnType<typeof tf.initializers.zeros>, 'apply'>;
type AddWeight = (
  name: string,
  shape: readonly number[],
  dtype: string | null,
  initializer: Initializer,
  ...rest: unknown[]
) => { dispose(): void };

/** Builds the model of a topology, with the initial weights of its initializers. */
export function buildLayers(topology: Topology): Promise<tfTypes.LayersModel> {
  return buildWith(topology, (numbers, initializer) => {
    if (numbers <= maxParameters) return initializer;
    throw tooLargeNetwork('the network has more weights than any network may have', maxParameters);
  });
}

/**
 * Builds the model of a topology with weights of zeros, which the caller replaces.
 * @param numbers Number of weights in its file.
 * @throws Error if the topology has more weights.
 */
export function buildEmptyLayers(
  topology: Topology,
  numbers: number,
): Promise<tfTypes.LayersModel> {
  const zeros = tf.initializers.zeros();
  return buildWith(topology, (wanted) => {
    if (wanted <= numbers) return zeros;
    throw new Error(`its layers have more weights than the ${numbers} in its file`);
  });
}

/**
 * Builds a model, whose layers call `addWeight` for every weight.
 * @param initializerFor Receives the number of all values up to this weight, and its initializer.
 */
function buildWith(
  topology: Topology,
  initializerFor: (numbers: number, initializer: Initializer) => Initializer,
): Promise<tfTypes.LayersModel> {
  // Protected in its type, because only layers call it.
  const layer = tf.layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = layer;
  const added: { dispose(): void }[] = [];
  let numbers = 0;
  layer.addWeight = function (name, shape, dtype, initializer, ...rest) {
    numbers += product(shape);
    const chosen = initializerFor(numbers, initializer);
    const weight = addWeight.call(this, name, shape, dtype, chosen, ...rest);
    added.push(weight);
    return weight;
  };
  try {
    // tfjs types its JSON as a recursive type that `unknown` members cannot have.
    const json = { modelTopology: topology } as Parameters<typeof tf.models.modelFromJSON>[0];
    // Without weights, tfjs builds the model before it returns.
    return tf.models.modelFromJSON(json).catch((error: Error) => {
      for (const weight of added) weight.dispose();
      throw error;
    });
  } finally {
    layer.addWeight = addWeight;
  }
}
