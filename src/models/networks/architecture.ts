/** The interface of an architecture, and the code that the built-in ones share. */
import { z } from 'zod';
import { augmentSchema } from '../../data/features/augment-config.ts';
import type { Features, Task } from '../../data/features/index.ts';
import type { tfTypes } from '../../tensorflow.ts';
import type { NetworkSize } from '../size/network-size.ts';
import { topologySize } from '../size/topology-size.ts';
import { modelFrom, type Topology } from '../topology.ts';
import type { TrainableModel } from '../trainable.ts';

/** Fields that define the training of a network, for students and for teachers that we train. */
export const trainingFields = {
  epochs: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('Default: 30; for a teacher with few labels, as many as make 400 steps.'),
  batchSize: z
    .int()
    .min(1)
    .max(65_536)
    .optional()
    .describe('Default: 128; for a teacher with few labels, 32.'),
  optimizer: z.enum(['adam', 'sgd']).default('adam').describe('sgd has momentum.'),
  learningRate: z.number().positive().default(0.001),
  schedule: z
    .enum(['cosine', 'constant'])
    .default('cosine')
    .describe('cosine decays to 0 at the end.'),
  learningRateWarmup: z
    .number()
    .min(0)
    .max(0.9)
    .optional()
    .describe(
      'Share of the steps in which the learning rate rises to its full value; the schedule follows. Default: 0. Not the section warmup.',
    ),
  momentum: z.number().min(0).max(1).default(0.9).describe('Only for sgd.'),
  weightDecay: z.number().min(0).default(0).describe('Decoupled from the gradient; kernels only.'),
  labelSmoothing: z
    .number()
    .min(0)
    .max(0.9)
    .optional()
    .describe('Share of every target that is spread evenly over the classes. Default: 0.'),
  mixup: z
    .number()
    .min(0)
    .max(10)
    .optional()
    .describe(
      'Mix pairs of examples with their targets; 0.2 is usual. Parameter of the Beta distribution of the shares. Default: 0, no mixing.',
    ),
  augment: augmentSchema.prefault({}).describe('Random changes to images while training.'),
};

/** The data that a network is for. */
export interface Problem {
  /** Shape of one example, without the batch: `featureShape(features)`. */
  readonly inputShape: readonly number[];
  /** Number of classes, or of labels. */
  readonly classes: number;
  /** Whether an example may have several labels. Default: false. */
  readonly isMultiLabel?: boolean;
  readonly readFile: ReadFile;
}

/** The data of a run, as far as Plan knows it. */
export interface PlannedProblem extends Problem {
  readonly features: Features;
  /** Whether a method trains a student on this network's embeddings. */
  readonly needsEmbedding: boolean;
  /** Whether the network is the student, which is saved in all formats. */
  readonly isStudent: boolean;
}

/** Field of the task that does not fit a network. */
export interface Mismatch {
  /** Path within the section `task`. */
  readonly path: readonly string[];
  /** The values that fit, after "expected". */
  readonly expected: string;
}

/**
 * Reads a file in the dataset.
 * @throws UserError if the file does not exist, or differs from the file that the plan pinned.
 */
export type ReadFile = (key: string) => Promise<Uint8Array>;

/** A network of tfjs layers. The name keeps a package of tfjs's own out of the declarations. */
export interface LayersNetwork extends tfTypes.LayersModel {}

/**
 * A row of the table of architectures. A network outputs logits, [n, classes]; the exporter adds
 * softmax, or sigmoid for several labels.
 */
export interface Architecture<
  Fields,
  Name extends string = string,
  Schema extends z.ZodType = z.ZodType,
  Model extends TrainableModel = TrainableModel,
> {
  /** Value of the field `architecture` in distill.yaml. */
  readonly name: Name;
  /** Schema of a network of this architecture: its fields and the training fields. */
  readonly schema: Schema;
  /** Types of task that it supports; undefined: all. */
  readonly tasks: readonly Task['type'][] | undefined;
  /** Returns the field of a supported task that does not fit. Default: every task fits. */
  readonly mismatch?: (fields: Fields, task: Task) => Mismatch | undefined;
  /**
   * Lists the keys of the user's files that make up a network. Default: none.
   * @throws UserError if a file is missing, or does not fit.
   */
  readonly files?: (fields: Fields, readFile: ReadFile) => Promise<string[]>;
  /**
   * Computes the work of a network, without loading TensorFlow.
   * @throws UserError if a user's topology cannot be read.
   */
  size(fields: Fields, problem: Problem): NetworkSize | Promise<NetworkSize>;
  /**
   * Builds a network to train. The same seed gives the same weights.
   * @throws UserError if a user's file does not fit the problem.
   */
  build(fields: Fields, problem: Problem, seed: number): Promise<Model>;
  /**
   * Checks that a network can be trained, as far as only building it shows. Default: it can.
   * @returns warnings.
   * @throws UserError if a user's file does not fit the problem.
   */
  readonly check?: (fields: Fields, problem: PlannedProblem) => Promise<string[]>;
  /**
   * Returns the factor on the learning rate of each trainable weight, by its name. Default: 1.
   * @param model the network that `build` made, or a copy with other outputs.
   */
  readonly rateFactor?: (fields: Fields, model: TrainableModel) => (weight: string) => number;
}

/**
 * Defines an architecture by a function from its fields to a topology. The model is built from the
 * topology, and its size is computed from it.
 *
 * @example
 * const perceptron = builtInArchitecture({
 *   name: 'perceptron',
 *   description: 'One layer.',
 *   fields: {},
 *   topology: (_, { inputShape, classes }, seed) => {
 *     const layers = new LayerList(inputShape, seed);
 *     return layers.model('perceptron', layers.classScores(layers.input, classes));
 *   },
 * });
 */
export function builtInArchitecture<
  const Name extends string,
  Shape extends z.ZodRawShape,
>(definition: {
  readonly name: Name;
  /** Text for the schema of distill.yaml. */
  readonly description: string;
  /** Fields in distill.yaml, in addition to the training fields. */
  readonly fields: Shape;
  /** Types of task that it supports. Default: all. */
  readonly tasks?: readonly Task['type'][];
  readonly topology: TopologyOf<z.infer<z.ZodObject<Shape>>>;
}): BuiltInArchitecture<
  z.infer<z.ZodObject<Shape>>,
  Name,
  ReturnType<typeof networkFields<Name, Shape>>
> {
  const { name, description, fields, tasks, topology } = definition;
  const schema = networkFields(name, description, fields);
  return { name, schema, tasks, topology, ...fromTopology(topology) };
}

/** Describes the layers of an untrained network, each initializer with its seed. */
export type TopologyOf<Fields> = (
  fields: Fields,
  problem: Pick<Problem, 'inputShape' | 'classes'>,
  seed: number,
) => Topology;

/** An architecture whose networks are described by a function. */
export interface BuiltInArchitecture<Fields, Name extends string, Schema extends z.ZodType>
  extends Architecture<Fields, Name, Schema, LayersNetwork> {
  readonly topology: TopologyOf<Fields>;
}

/** Makes the size and the model of a network from its topology. */
export function fromTopology<Fields>(
  topology: TopologyOf<Fields>,
): Pick<Architecture<Fields, string, z.ZodType, LayersNetwork>, 'size' | 'build'> {
  return {
    size: (fields, problem) => topologySize(topology(fields, problem, 0), problem.inputShape)!,
    build: (fields, problem, seed) => modelFrom(topology(fields, problem, seed)),
  };
}

/** Composes the schema of an architecture: its name, its own fields, the training fields. */
export function networkFields<const Name extends string, Fields extends z.ZodRawShape>(
  name: Name,
  description: string,
  fields: Fields,
) {
  return z.strictObject({
    architecture: z.literal(name).describe(description),
    ...fields,
    ...trainingFields,
    // An architecture may have other defaults for the training.
    ...fields,
  });
}
