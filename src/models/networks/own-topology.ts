/** The topology of a user's own network: parsed, checked, and made repeatable. */
import { UserError } from '../../errors.ts';
import { isTooDeep, maxJsonLevels } from '../../json-depth.ts';
import type { tfTypes } from '../../tensorflow.ts';
import { checkAllowedLayers } from '../allowed/check-layers.ts';
import { checkInboundLayers } from '../inbound-layers.ts';
import { refuseKeras3 } from '../keras3.ts';
import {
  endsInClassScores,
  outputActivation,
  outputLayer,
  type Topology,
  topologySchema,
} from '../topology.ts';
import type { Problem } from './architecture.ts';

const hint = 'Expected a model.json of a tfjs LayersModel with one output, as model.save writes.';

/**
 * Parses a `model.json`.
 *
 * @throws UserError if it is not JSON, or too deep.
 */
export function parseJson(text: string, key: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`'${key}' is not JSON.`, hint);
  }
  if (!isTooDeep(value)) return value;
  throw new UserError(`'${key}' has more than ${maxJsonLevels} levels of lists and objects.`, hint);
}

/**
 * Layers that draw random numbers at every step, so that a run could not be repeated or resumed
 * exactly. Dropout among the model's own layers is allowed: its numbers come from our seeds.
 */
const randomLayers = [
  'SpatialDropout1D',
  'AlphaDropout',
  'GaussianDropout',
  'GaussianNoise',
  'RandomWidth',
];

/**
 * Parses the topology of a `model.json`, or of a topology alone.
 *
 * @throws UserError if the text has no topology, or was written by Keras 3.
 */
export function parseTopology(text: string, key: string): Topology {
  let json = parseJson(text, key);
  // model.save wraps the topology in modelTopology; the converter for Keras adds model_config.
  for (const wrapper of ['modelTopology', 'model_config']) {
    if (isRecord(json) && wrapper in json) json = json[wrapper];
  }
  refuseKeras3(json, `'${key}'`, 'Write it with model.save of tfjs.');
  checkInboundLayers(json, `'${key}'`);
  const parsed = topologySchema.safeParse(json);
  if (parsed.success) {
    checkAllowedLayers(parsed.data, `'${key}'`);
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  throw new UserError(
    `'${key}' has no topology that can be used: ${issue?.path.join('.')}: ${issue?.message}.`,
    hint,
  );
}

const oneClassHint =
  'The last layer has to be Dense or Activation with activation softmax or linear, or Softmax.';
const sigmoidHint = ' If an example may have several labels, set task.multiLabel: true.';
const multiLabelHint =
  'With task.multiLabel, the last layer has to be Dense or Activation with activation sigmoid or linear. Softmax makes the probabilities of the labels sum to 1.';

/**
 * Checks that training can use the layers.
 *
 * @param isMultiLabel Whether an example may have several labels. Default: false.
 * @throws UserError if the last layer gives no class scores, or a layer draws random numbers.
 */
export function checkLayers(topology: Topology, key: string, isMultiLabel = false): void {
  if (!endsInClassScores(topology, outputActivation(isMultiLabel))) {
    const { class_name, config } = outputLayer(topology);
    const activation = config.activation ?? 'none';
    throw new UserError(
      `'${key}' ends in the ${class_name} layer '${config.name}' with activation ${activation}.`,
      isMultiLabel
        ? multiLabelHint
        : `${oneClassHint}${activation === 'sigmoid' ? sigmoidHint : ''}`,
    );
  }
  const random = topology.config.layers.map((layer) => randomWithin(layer, true)).find(Boolean);
  if (random) {
    throw new UserError(
      `'${key}' has the ${random} layer, whose random numbers would make a run impossible to repeat or resume.`,
      'Remove it. Plain Dropout among the layers, weightDecay and augment also reduce overfitting.',
    );
  }
}

/** Returns the kind of a layer that draws random numbers: of this layer, or of one inside it. */
function randomWithin(node: unknown, isOwn: boolean): string | undefined {
  if (!isRecord(node)) return undefined;
  const { class_name: kind, config } = node;
  if (typeof kind === 'string' && isRecord(config)) {
    const isPlain = isOwn && (config.noise_shape ?? config.noiseShape ?? null) === null;
    const drops = [config.dropout, config.recurrent_dropout].some((rate) => Number(rate ?? 0) > 0);
    if (randomLayers.includes(kind) || (kind === 'Dropout' && !isPlain) || drops) return kind;
  }
  return Object.values(node)
    .map((child) => randomWithin(child, false))
    .find((found) => found !== undefined);
}

/**
 * Checks that no two weights have the same name, as a model inside the model may cause.
 *
 * @throws UserError with the name, because checkpoints and saved models find weights by it.
 */
export function checkNames(model: tfTypes.LayersModel, key: string): void {
  const names = model.weights.map(({ originalName }) => originalName);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return;
  throw new UserError(
    `'${key}' has two weights of the name '${twice}'.`,
    'Give each layer its own name, also layers of models inside the model.',
  );
}

/** Gives every initializer a seed, in the order of the file. */
export function setSeeds(topology: Topology, seed: number): void {
  let count = 0;
  const visit = (node: unknown): void => {
    if (!isRecord(node)) return;
    for (const [name, value] of Object.entries(node)) {
      if (name.endsWith('_initializer') && isRecord(value) && isRecord(value.config)) {
        value.config.seed = seed * 1000 + count++;
      } else {
        visit(value);
      }
    }
  };
  visit(topology.config.layers);
}

/**
 * Checks that the model takes the examples and gives a score per class.
 *
 * @throws UserError with both shapes if they do not fit.
 */
export function checkShapes(
  model: tfTypes.LayersModel,
  key: string,
  { inputShape, classes }: Problem,
): void {
  const [input, output] = [model.inputs[0]!.shape.slice(1), model.outputs[0]!.shape.slice(1)];
  const fits =
    model.inputs.length === 1 &&
    input.length === inputShape.length &&
    input.every((size, axis) => size === inputShape[axis]);
  if (!fits) {
    const has = model.inputs
      .map(({ shape }) => `[${shape.slice(1).map((size) => size ?? 'any')}]`)
      .join(' and ');
    throw new UserError(
      `'${key}' takes ${has}, and an example is [${inputShape}].`,
      `Give it one input of [${inputShape}], or change task.size or task.channels.`,
    );
  }
  if (output.length !== 1 || output[0] !== classes) {
    throw new UserError(
      `'${key}' gives [${output}] scores, and the task has ${classes} classes.`,
      `Give its last layer ${classes} units.`,
    );
  }
}

/** Returns whether the value is an object or an array. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
