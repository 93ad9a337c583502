/** Checks the topology of a tfjs LayersModel before its layers are built. */
import { hasFields } from '../../json.ts';
import { topologySize, unknownSize } from '../size/topology-size.ts';
import { maxLayerOutputs, maxParameters } from './budget.ts';
import { isSavedByTfjs, requireSameAsKeras } from './keras-layers.ts';
import { layerClasses, layerParts } from './layer-classes.ts';
import { notAllowed, refusedPart, tooLargeNetwork } from './refused-part.ts';

/** Fields that decide the size of a layer. */
const sizes = [
  ...['units', 'filters', 'output_dim', 'input_dim', 'n', 'num_tokens', 'height', 'width'],
  ...['kernel_size', 'pool_size', 'size', 'padding', 'target_shape', 'depth_multiplier'],
  ...['batch_input_shape', 'input_shape', 'dilation_rate', 'strides'],
];
/** Maximum of each of these fields: more than the units of any real layer. */
const maxSize = 2 ** 27;

/** Fields in which checks look for layers, their inputs and their types. */
const structure = [
  ...['class_name', 'config', 'layers', 'layer', 'name', 'inbound_nodes', 'dtype', 'input_d_type'],
  ...['input_layers', 'output_layers'],
];

/** Checked fields as files have to write them, by the name under which tfjs finds them. */
const spellings = new Map([...structure, ...sizes].map((field) => [asTfjsReads(field), field]));

/** Types of inputs to which tfjs can convert the numbers of examples. */
const inputTypes = ['float32', 'int32', 'bool'];

/** Settings of training in the file of a Keras model, which nothing here reads. */
const skipped = 'training_config';

/**
 * Refuses layers that are not in the list or that TensorFlow.js would compute otherwise than Keras,
 * and networks beyond the budget.
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
  checkFields(topology, name, !isSavedByTfjs(topology));
  const size = topologySize(topology, inputShape);
  if (!size) {
    throw refusedPart(
      `${name} has layers whose size cannot be computed (${unknownSize(topology)})`,
      'and models may only have layers whose size is known',
      'Save the model again with model.save of tfjs.',
    );
  }
  for (const [found, limit, what] of [
    [size.parameters, maxParameters, 'weights'],
    [size.outputs, maxLayerOutputs, 'outputs of layers per example'],
  ] as const) {
    if (found <= limit) continue;
    throw tooLargeNetwork(`${name} has ${found} ${what}`, limit);
  }
}

/**
 * Checks the fields of layers at any depth: their classes, names, sizes and types of inputs.
 * @param isOfKeras Whether the layers must do what they do in Keras.
 */
function checkFields(json: unknown, file: string, isOfKeras: boolean): void {
  if (Array.isArray(json)) {
    for (const item of json) checkFields(item, file, isOfKeras);
    return;
  }
  if (!hasFields(json)) return;
  const { class_name: kind, config } = json;
  if (typeof kind === 'string') {
    if (!layerClasses.has(kind) && !layerParts.has(kind)) {
      throw refusedPart(`${file} has a layer of the class '${kind}'`, notAllowed);
    }
    checkInputType(kind, config, file);
    if (isOfKeras) requireSameAsKeras(kind, config, file);
  }
  for (const [field, value] of Object.entries(json)) {
    if (field === skipped) continue;
    checkSpelling(field, file);
    if (sizes.includes(field)) checkSize(value, field, file);
    checkFields(value, file, isOfKeras);
  }
}

/** Refuses a field that tfjs would read as a checked field of another name. */
function checkSpelling(field: string, file: string): void {
  const written = spellings.get(asTfjsReads(field));
  if (written === undefined || written === field) return;
  throw refusedPart(
    `${file} has the field '${field}'`,
    `which tfjs would read as '${written}'`,
    `Write '${written}'.`,
  );
}

/** Returns the name by which tfjs finds a field: without underscores, in camel case. */
function asTfjsReads(field: string): string {
  if (field.length < 2) return field;
  return field.replace(/_+(\w|$)/g, (_, next: string) => next.toUpperCase());
}

/** Refuses an input of a type to which tfjs cannot convert the numbers of an example. */
function checkInputType(kind: string, config: unknown, file: string): void {
  if (!hasFields(config)) return;
  const isInput = kind === 'InputLayer' || 'batch_input_shape' in config || 'input_shape' in config;
  if (!isInput) return;
  for (const type of [config.dtype, config.input_d_type]) {
    if (type === undefined || type === null) continue;
    if (typeof type === 'string' && inputTypes.includes(type)) continue;
    throw refusedPart(
      `${file} has an input of the type ${JSON.stringify(type)}`,
      `and tfjs has inputs of the types ${inputTypes.join(', ')}`,
      'Save the model with inputs of float32.',
    );
  }
}

function checkSize(value: unknown, field: string, file: string): void {
  for (const size of [value].flat(2)) {
    if (typeof size !== 'number' || size <= maxSize) continue;
    throw tooLargeNetwork(`${file} has a layer with ${field}: ${size}`, maxSize);
  }
}
