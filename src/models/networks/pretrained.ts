/** The interface of architectures for photos, which can start from weights of PyTorch. */
import { z } from 'zod';
import { image } from '../../data/features/image.ts';
import type { ImageFeatures } from '../../data/features/image-features.ts';
import type { Features, Task } from '../../data/features/index.ts';
import { topologySize } from '../size/topology-size.ts';
import { modelFrom, type Topology } from '../topology.ts';
import {
  type Architecture,
  type LayersNetwork,
  type Mismatch,
  networkFields,
  type Problem,
} from './architecture.ts';
import {
  fineTuningFields,
  freezeLayers,
  nothingToTrain,
  pretrainedRates,
  requireNoFineTuning,
} from './freeze.ts';
import { loadTorchWeights, type Naming } from './torch-weights.ts';

/** Smallest and largest height and width, in pixels. */
const [smallest, largest] = [64, 512];

/** Value of `weights` for a network that starts from its initializers. */
const random = 'random';

const fields = {
  weights: z
    .string()
    .regex(/^random$|\.safetensors$/, 'expected random, or a .safetensors file in the dataset')
    .default(random)
    .describe(
      'random, or a .safetensors file of timm or torchvision to start from (docs/configuration.md).',
    ),
  ...fineTuningFields,
};
type Fields = z.infer<z.ZodObject<typeof fields>>;

/** Mean and standard deviation that pixels had when weights were trained, per channel. */
export type Normalization = Pick<ImageFeatures, 'mean' | 'std'>;

/** Normalization of most weights for ImageNet. */
export const imagenetPixels: Normalization = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** Definition of an architecture for photos. */
interface PretrainedDefinition<Name extends string, Shape extends z.ZodRawShape> {
  readonly name: Name;
  /** Text for the schema of distill.yaml. */
  readonly description: string;
  /** Fields in distill.yaml, in addition to those of all architectures for photos. */
  readonly fields: Shape;
  /** Describes the layers of an untrained network; its last layer is `classes`. */
  readonly topology: (
    fields: z.infer<z.ZodObject<Shape>>,
    problem: Pick<Problem, 'inputShape' | 'classes'>,
    seed: number,
  ) => Topology;
  /** Libraries whose weights fit. */
  readonly namings: readonly Naming[];
  /**
   * Returns the normalization that weights expect.
   * @throws UserError if the fields do not fit weights of this library.
   */
  readonly normalization: (fields: z.infer<z.ZodObject<Shape>>, naming: Naming) => Normalization;
}

/**
 * Defines an architecture for photos by its topology and the names of its weights in PyTorch's
 * libraries. Its fields are `weights`, `freeze` and `pretrainedRate`.
 *
 * @example
 * export const resnet18 = pretrainedArchitecture({
 *   name: 'resnet18',
 *   description: 'ResNet-18.',
 *   fields: {},
 *   topology: (_, problem, seed) => residualNetwork('resnet18', basicBlock, problem, seed),
 *   namings: [residualNames],
 *   normalization: () => imagenetPixels,
 * });
 */
export function pretrainedArchitecture<const Name extends string, Shape extends z.ZodRawShape>({
  name,
  description,
  fields: own,
  namings,
  ...definition
}: PretrainedDefinition<Name, Shape>): Architecture<
  z.infer<z.ZodObject<Shape>> & Fields,
  Name,
  ReturnType<typeof photoSchema<Name, Shape>>,
  LayersNetwork
> {
  type Own = z.infer<z.ZodObject<Shape>> & Fields;

  const load = async (fields: Own, problem: Problem, seed: number) => {
    const topology = definition.topology(fields, problem, seed);
    freezeLayers(topology, fields.freeze, name);
    if (topology.config.layers.every(({ config }) => config.trainable === false)) {
      throw nothingToTrain(name);
    }
    const { weights: key } = fields;
    if (key === random) return { model: await modelFrom(topology), warnings: () => [] };
    skipInitializers(topology);
    const file = await problem.readFile(key);
    const model = await modelFrom(topology);
    try {
      const { naming, fresh } = await loadTorchWeights(model, file, namings, key);
      const normalization = definition.normalization(fields, naming);
      const warnings = (features: Features) => [
        ...(fresh ? [`'${key}' ${fresh}: the last layer starts from the seed`] : []),
        ...pixelWarnings(features, normalization, key),
      ];
      return { model, warnings };
    } catch (error) {
      model.dispose();
      throw error;
    }
  };

  return {
    name,
    schema: photoSchema(name, description, own),
    tasks: [image.task],
    mismatch,
    files: async ({ weights }) => (weights === random ? [] : [weights]),
    size: (fields, problem) =>
      topologySize(definition.topology(fields, problem, 0), problem.inputShape)!,
    async build(fields, problem, seed) {
      const { model } = await load(fields, problem, seed);
      return model;
    },
    async check(fields, problem) {
      if (fields.weights === random) {
        requireNoFineTuning(fields, 'Set weights to a .safetensors file in the dataset');
        return [];
      }
      const { model, warnings } = await load(fields, problem, 0);
      model.dispose();
      return warnings(problem.features);
    },
    rateFactor: pretrainedRates,
  };
}

/** Composes the schema of an architecture: its own fields, and those of all for photos. */
function photoSchema<const Name extends string, Shape extends z.ZodRawShape>(
  name: Name,
  description: string,
  own: Shape,
) {
  return networkFields(name, description, { ...fields, ...own });
}

/** Returns the field of the task that does not fit. */
function mismatch({ weights }: Fields, task: Task): Mismatch | undefined {
  if (task.type !== image.task) return undefined;
  if (task.size.some((size) => size < smallest || size > largest)) {
    return { path: ['size'], expected: `${smallest} to ${largest} pixels` };
  }
  if (weights !== random && task.channels !== 3) {
    return { path: ['channels'], expected: '3, because the weights are for colours' };
  }
  return undefined;
}

/** Skips random initial weights, which take seconds, in layers that are read from a file. */
function skipInitializers({ config }: Topology): void {
  const last = config.layers.at(-1);
  for (const layer of config.layers) {
    if (layer === last) continue;
    for (const field of ['kernel_initializer', 'depthwise_initializer']) {
      if (field in layer.config) layer.config[field] = { class_name: 'Zeros', config: {} };
    }
  }
}

/** Largest difference of a mean, and relative difference of a standard deviation, that is fine. */
const [meanTolerance, stdTolerance] = [0.02, 0.05];

/** Warns if pixels are not normalized as the weights expect. */
function pixelWarnings(features: Features, expected: Normalization, key: string): string[] {
  if (features.kind !== image.name) return [];
  const { mean, std, pixels } = features;
  const warnings: string[] = [];
  const fits = expected.mean.every(
    (value, channel) =>
      Math.abs(mean[channel]! - value) <= meanTolerance &&
      Math.abs(std[channel]! / expected.std[channel]! - 1) <= stdTolerance,
  );
  if (!fits) {
    warnings.push(
      `the task normalizes pixels by mean ${shown(mean)} and std ${shown(std)}, and the weights of '${key}' expect others: set task.preprocess.mean: ${shown(expected.mean)} and task.preprocess.std: ${shown(expected.std)}`,
    );
  }
  if (pixels?.channelOrder === 'BGR') {
    warnings.push(`the weights of '${key}' expect task.preprocess.channelOrder: RGB`);
  }
  return warnings;
}

function shown(values: readonly number[]): string {
  return `[${values.map((value) => Number(value.toFixed(3))).join(', ')}]`;
}
