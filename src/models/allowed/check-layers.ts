/** Checks the topology of a tfjs LayersModel before its layers are built. */
import { topologySize } from '../size/topology-size.ts';
import { maxLayerOutputs, maxParameters } from './budget.ts';
import { layerClasses, layerParts } from './layer-classes.ts';
import { notAllowed, refusedPart } from './refused-part.ts';

/** Fields of a layer that make it large, and the maximum of each: no layer has more units. */
const sizes = [
  ...['units', 'filters', 'output_dim', 'input_dim', 'n', 'num_tokens', 'height', 'width'],
  ...['kernel_size', 'pool_size', 'size', 'padding', 'target_shape', 'depth_multiplier'],
  ...['batch_input_shape', 'input_shape', 'dilation_rate', 'strides'],
];
const maxSize = 2 ** 27;

/** Settings of training in the file of a Keras model, which nothing here reads. */
const skipped = 'training_config';

/**
 * Refuses layers that are not in the list, and networks beyond the budget.
 *
 * @param topology The topology, or JSON that contains it.
 * @param name Name of the model in errors: a file, quoted.
 * @param inputShape Shape of one example, if it is known.
 * @throws UserError with the file and the layer.
 */
export function checkAllowedLayers(
  topology: unknown,
  name: string,
  inputShape: readonly number[] = [],
): void {
  checkClasses(topology, name);
  const size = topologySize(topology, inputShape);
  if (!size) return; // Not a topology: tfjs refuses it.
  for (const [found, limit, what] of [
    [size.parameters, maxParameters, 'weights'],
    [size.outputs, maxLayerOutputs, 'outputs of layers per example'],
  ] as const) {
    if (found <= limit) continue;
    throw refusedPart(`${name} has ${found} ${what}`, `and at most ${limit} are allowed`, smaller);
  }
}

const smaller = 'Use a smaller network.';

/** Checks the classes and sizes at any depth. */
function checkClasses(json: unknown, file: string): void {
  if (typeof json !== 'object' || json === null) return;
  const { class_name: kind, className } = json as { class_name?: unknown; className?: unknown };
  // tfjs reads both spellings, and writes one.
  for (const found of [kind, className]) {
    if (typeof found !== 'string') continue;
    if (found === className || !(layerClasses.has(found) || layerParts.has(found))) {
      throw refusedPart(`${file} has a layer of the class '${found}'`, notAllowed);
    }
  }
  for (const [field, value] of Object.entries(json)) {
    if (field === skipped) continue;
    if (sizes.includes(field)) checkSize(value, field, file);
    checkClasses(value, file);
  }
}

function checkSize(value: unknown, field: string, file: string): void {
  for (const size of [value].flat(2)) {
    if (typeof size !== 'number' || size <= maxSize) continue;
    throw refusedPart(
      `${file} has a layer with ${field}: ${size}`,
      `and at most ${maxSize} are allowed`,
      smaller,
    );
  }
}
