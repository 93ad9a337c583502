import { z } from 'zod';
import { image } from '../../data/features/image.ts';
import type { Features } from '../../data/features/index.ts';
import { row } from '../../data/features/row.ts';
import { vector } from '../../data/features/vector.ts';
import { UserError } from '../../errors.ts';
import type { tfTypes } from '../../tensorflow.ts';
import { whyNoProgram } from '../exports/student-program.ts';
import { requireJsonSize } from '../json-file.ts';
import { rescaledTwice } from '../rescaling-layer.ts';
import { noWork } from '../size/network-size.ts';
import { topologySize } from '../size/topology-size.ts';
import { modelFrom, type Topology, topologyOf, withOutputActivation } from '../topology.ts';
import {
  type Architecture,
  type LayersNetwork,
  networkFields,
  type PlannedProblem,
  type ReadFile,
} from './architecture.ts';
import {
  fineTuningFields,
  freezeLayers,
  frozenLayers,
  layersWithin,
  nothingToTrain,
  pretrainedRates,
  requireNoFineTuning,
} from './freeze.ts';
import { checkLayers, checkNames, checkShapes, parseTopology, setSeeds } from './own-topology.ts';
import { loadWeights, parseManifest, weightFiles } from './own-weights.ts';

const name = 'layers-model';
const fields = {
  topology: z.string().min(1).describe('The model.json; its weights are in the same folder.'),
  weights: z
    .enum(['keep', 'random'])
    .default('keep')
    .describe('keep: start from the weights in the files. random: from the initializers.'),
  ...fineTuningFields,
};
const schema = networkFields(name, 'Your own tfjs LayersModel, to be trained further.', fields);

type Fields = z.infer<z.ZodObject<typeof fields>>;

/**
 * The user's own model: a `model.json` of tfjs with its weights, as `model.save` or the converter
 * for Keras writes it. Training starts from these weights; layers with `trainable: false` keep
 * them.
 */
export const customNetwork: Architecture<Fields, typeof name, typeof schema, LayersNetwork> = {
  name,
  schema,
  tasks: [image.task, row.task, vector.task],
  async files({ topology: key, weights }, readFile) {
    const text = await readText(readFile, key);
    parseTopology(text, key);
    if (weights === 'random') return [key];
    const manifest = parseManifest(text, key);
    return [key, ...weightFiles(manifest, key)];
  },
  async size({ topology: key }, { inputShape, readFile }) {
    return topologySize(parseTopology(await readText(readFile, key), key), inputShape) ?? noWork;
  },
  async build({ topology: key, weights, freeze }, problem, seed) {
    const text = await readText(problem.readFile, key);
    const topology = parseTopology(text, key);
    checkLayers(topology, key, problem.isMultiLabel);
    freezeLayers(topology, freeze, key);
    const scored = withOutputActivation(topology, 'linear');
    const building = weights === 'random' ? seededModel(scored, seed) : modelFrom(scored);
    const model = await building.catch((error) => {
      throw new UserError(
        `'${key}' cannot be built: ${error instanceof Error ? error.message : error}`,
        'Load it with tf.loadLayersModel of tfjs 4.22, which must know all of its layers.',
      );
    });
    try {
      checkShapes(model, key, problem);
      checkNames(model, key);
      if (model.trainableWeights.length === 0) {
        throw nothingToTrain(key);
      }
      if (weights === 'keep') await loadWeights(model, parseManifest(text, key), key, problem);
      return model;
    } catch (error) {
      model.dispose();
      throw error;
    }
  },
  async check(fields, problem) {
    const isRandom = fields.weights === 'random';
    if (isRandom) requireNoFineTuning(fields, 'Set weights: keep');
    const { scoresLayer } = await import('../subclass-outputs.ts');
    const model = await customNetwork.build(fields, problem, 0);
    try {
      if (problem.needsEmbedding) scoresLayer(model);
      await checkGradients(model, fields.topology, problem);
      return [
        ...(isRandom
          ? frozenWarnings(model, fields.topology)
          : pixelWarnings(model, fields.topology, problem.features)),
        ...(problem.isStudent ? exportWarnings(model, problem) : []),
      ];
    } finally {
      model.dispose();
    }
  },
  rateFactor: pretrainedRates,
};

/**
 * Builds a model with seeded initializers. A file may name an initializer by a text, or have none
 * for the default: only the built model has the config of each, to be seeded.
 */
async function seededModel(topology: Topology, seed: number): Promise<tfTypes.LayersModel> {
  const unseeded = await modelFrom(topology);
  const whole = topologyOf(unseeded);
  unseeded.dispose();
  setSeeds(whole, seed);
  return modelFrom(whole);
}

async function readText(readFile: ReadFile, key: string): Promise<string> {
  const bytes = await readFile(key);
  requireJsonSize(bytes.length, key);
  return new TextDecoder().decode(bytes);
}

/** @throws UserError if TensorFlow.js cannot train a layer, such as a dilated convolution. */
async function checkGradients(
  model: tfTypes.LayersModel,
  key: string,
  { inputShape }: PlannedProblem,
): Promise<void> {
  const { tf } = await import('../../tensorflow.ts');
  try {
    tf.tidy(() => {
      const blank = tf.zeros([1, ...inputShape]);
      const score = () =>
        tf.sum<tfTypes.Scalar>(model.apply(blank, { training: true }) as tfTypes.Tensor);
      // `read` returns the variable itself, although its type is a tensor's.
      const trained = model.trainableWeights.map((weight) => weight.read() as tfTypes.Variable);
      tf.variableGrads(score, trained);
    });
  } catch (error) {
    throw new UserError(
      `'${key}' cannot be trained: ${(error as Error).message}`,
      'Replace the layer, or freeze it with all layers before it: freeze in distill.yaml.',
    );
  }
}

/** Warns that a student will only be saved for TensorFlow.js. */
function exportWarnings(
  model: tfTypes.LayersModel,
  { features }: Pick<PlannedProblem, 'features'>,
): string[] {
  const reason = whyNoProgram(model, features);
  return reason === undefined
    ? []
    : [`the student will have no file for other programs than TensorFlow.js: ${reason}`];
}

/** Largest factor of a layer Rescaling that reads pixels from 0 to 255, not from 0 to 1. */
const largestFactor = 0.1;

/** Warns of weights that were trained on pixels from 0 to 255, if the task scales pixels. */
function pixelWarnings(model: tfTypes.LayersModel, key: string, features: Features): string[] {
  if (features.kind !== image.name) return [];
  const rescales = layersWithin(model).some((layer) => {
    const { scale } = layer.getConfig();
    return layer.getClassName() === 'Rescaling' && Number(scale) < largestFactor;
  });
  const warning = rescales ? rescaledTwice(`'${key}'`, 'task', features) : undefined;
  return warning === undefined ? [] : [warning];
}

/** Warns about layers that stay as their initializers made them. */
function frozenWarnings(model: tfTypes.LayersModel, key: string): string[] {
  const names = frozenLayers(model);
  if (names.length === 0) return [];
  const count = names.length === 1 ? '' : ` and ${names.length - 1} more`;
  return [
    `the layer '${names[0]}' of '${key}'${count} will keep random weights: trainable is false in the file, and weights is random`,
  ];
}
