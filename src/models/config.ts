import { z } from 'zod';
import { augmentSchema } from '../data/config.ts';

/** The sections of `distill.yaml` that describe networks and the teacher. */

const path = z.string().min(1);

/** How a network is trained; the same fields for the student and for a teacher that we train. */
const training = {
  epochs: z.int().min(1).max(10_000).default(30),
  batchSize: z.int().min(1).max(65_536).default(128),
  optimizer: z.enum(['adam', 'sgd']).default('adam').describe('sgd has momentum.'),
  learningRate: z.number().positive().default(0.001),
  schedule: z
    .enum(['cosine', 'constant'])
    .default('cosine')
    .describe('cosine falls to 0 at the end.'),
  momentum: z.number().min(0).max(1).default(0.9).describe('For sgd.'),
  weightDecay: z.number().min(0).default(0).describe('Decoupled from the gradient; kernels only.'),
  augment: augmentSchema.prefault({}).describe('Random changes to images while training.'),
};

export const networkSchema = z.discriminatedUnion('architecture', [
  z.strictObject({
    architecture: z.literal('mlp').describe('Dense layers, for rows and vectors.'),
    width: z.int().min(1).default(128).describe('Units of a hidden layer.'),
    depth: z.int().min(1).max(32).default(2).describe('Hidden layers.'),
    ...training,
  }),
  z.strictObject({
    architecture: z.literal('convnet').describe('Convolutions, each followed by pooling.'),
    width: z.int().min(1).default(32).describe('Filters of the first; doubled at each next.'),
    depth: z.int().min(1).max(8).default(2).describe('Convolutions.'),
    ...training,
  }),
  z.strictObject({
    architecture: z.literal('resnet').describe('For small images (He et al. 2015, section 4.2).'),
    width: z.int().min(1).default(16).describe('Filters of the first of the three stages.'),
    depth: z
      .int()
      .refine((depth) => depth >= 8 && (depth - 2) % 6 === 0, 'expected 6n + 2: 8, 14, 20, 32 …')
      .default(20)
      .describe('Layers: 6n + 2.'),
    ...training,
  }),
  z.strictObject({
    architecture: z.literal('layers-model').describe('Your own tfjs LayersModel topology.'),
    topology: path.describe('The model.json. Its weights are not read.'),
    ...training,
  }),
]);
export type Network = z.infer<typeof networkSchema>;

/** The fields of `teacher` that say what it is; exactly one is there. */
export const teacherKinds = [
  'train',
  'onnx',
  'savedModel',
  'layersModel',
  'graphModel',
  'predictions',
] as const;

export const teacherSchema = z
  .strictObject({
    train: networkSchema.optional().describe('Train a teacher on the labeled set.'),
    loss: z
      .enum(['crossEntropy', 'mse', 'mcmi'])
      .default('crossEntropy')
      .describe(
        'Of a teacher that we train. mse: probabilities closer to how likely the classes are; mcmi: answers that differ more within a class. Both are for students with soft labels (docs/methods.md).',
      ),
    mcmi: z
      .strictObject({
        epochs: z.int().min(1).default(20).describe('After those of train.'),
        strength: z
          .number()
          .positive()
          .default(0.15)
          .describe('How much differing counts beside being right.'),
      })
      .prefault({}),
    onnx: path.optional().describe('An ONNX file.'),
    savedModel: path.optional().describe('The folder of a TensorFlow SavedModel.'),
    layersModel: path.optional().describe('The model.json of a tfjs LayersModel.'),
    graphModel: path.optional().describe('The model.json of a tfjs GraphModel.'),
    predictions: path.optional().describe('Folder of Parquet files: id, probabilities.'),
    size: z
      .tuple([z.int().min(1), z.int().min(1)])
      .optional()
      .describe('Height and width that the teacher sees. Default: the size of the task.'),
    mean: z.array(z.number()).optional().describe('Taken off pixel/255, by channel. Default: 0.'),
    std: z.array(z.number().positive()).optional().describe('Then divided by. Default: 1.'),
    output: z.enum(['probabilities', 'logits']).default('probabilities'),
    outputName: z.string().optional().describe('Which output has the classes, if there are more.'),
    embeddingName: z.string().optional().describe('Which output is an embedding.'),
    batchSize: z.int().min(1).max(4096).default(128),
  })
  .refine(
    (value) => teacherKinds.filter((kind) => value[kind] !== undefined).length === 1,
    `expected exactly one of ${teacherKinds.join(', ')}`,
  );
export type TeacherConfig = z.infer<typeof teacherSchema>;
