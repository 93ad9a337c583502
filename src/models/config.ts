import { z } from 'zod';
import { networkSchema } from './networks/index.ts';

/** The section `teacher` of `distill.yaml`. */

const path = z.string().min(1);

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
