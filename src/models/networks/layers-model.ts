import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { tfTypes } from '../../tensorflow.ts';
import { refuseKeras3 } from '../keras3.ts';
import { noWork } from '../size/network-size.ts';
import { topologySize } from '../size/topology-size.ts';
import {
  endsInClassScores,
  modelFrom,
  outputLayer,
  type Topology,
  topologySchema,
  withOutputActivation,
} from '../topology.ts';
import { type Architecture, networkFields, type Problem } from './architecture.ts';

const name = 'layers-model';
const schema = networkFields(name, 'Your own tfjs LayersModel topology.', {
  topology: z.string().min(1).describe('The model.json. Its weights are not read.'),
});

/**
 * The user's own topology: the text of a `model.json` of tfjs, as `model.save` or the converter for
 * Keras writes it. Its weights are not read; its own initializers draw new ones.
 */
export const customNetwork: Architecture<{ topology: string }, typeof name, typeof schema> = {
  name,
  schema,
  tasks: undefined,
  userTopology: true,
  async size({ topology: key }, { inputShape, readFile }) {
    return topologySize(parseTopology(await readFile(key), key), inputShape) ?? noWork;
  },
  async build({ topology: key }, problem, seed) {
    const topology = parseTopology(await problem.readFile(key), key);
    checkLayers(topology, key);
    setSeeds(topology, seed);
    const model = await modelFrom(withOutputActivation(topology, 'linear')).catch((error) => {
      throw new UserError(
        `'${key}' cannot be built: ${error instanceof Error ? error.message : error}`,
        'Load it with tf.loadLayersModel of tfjs 4.22, which must know all of its layers.',
      );
    });
    checkShapes(model, key, problem);
    return model;
  },
};

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

function parseTopology(text: string, key: string): Topology {
  const hint = 'Expected a model.json of a tfjs LayersModel with one output, as model.save writes.';
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError(`'${key}' is not JSON.`, hint);
  }
  // model.save wraps the topology in modelTopology; the converter for Keras adds model_config.
  for (const wrapper of ['modelTopology', 'model_config']) {
    if (isRecord(json) && wrapper in json) json = json[wrapper];
  }
  refuseKeras3(json, `'${key}'`, 'Write it with model.save of tfjs.');
  const parsed = topologySchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(
    `'${key}' has no topology that can be used: ${issue?.path.join('.')}: ${issue?.message}.`,
    hint,
  );
}

function checkLayers(topology: Topology, key: string): void {
  if (!endsInClassScores(topology)) {
    const { class_name, config } = outputLayer(topology);
    throw new UserError(
      `'${key}' ends in the ${class_name} layer '${config.name}' with activation ${config.activation ?? 'none'}.`,
      'The last layer has to be Dense or Activation with activation softmax or linear, or Softmax.',
    );
  }
  const random = topology.config.layers.map((layer) => randomWithin(layer, true)).find(Boolean);
  if (random) {
    throw new UserError(
      `'${key}' has the ${random} layer, whose random numbers would make a run impossible to repeat or resume.`,
      'Take it out; plain Dropout among the layers, weightDecay and augment work against overfitting too.',
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

/** Gives every initializer a seed, in the order of the file. */
function setSeeds(topology: Topology, seed: number): void {
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

function checkShapes(
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
    model.dispose();
    throw new UserError(
      `'${key}' takes ${has}, and an example is [${inputShape}].`,
      `Give it one input of [${inputShape}], or change task.size or task.channels.`,
    );
  }
  if (output.length !== 1 || output[0] !== classes) {
    model.dispose();
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
