/** The config field `encoder`: a pretrained model that turns examples into embeddings. */
import { posix } from 'node:path';
import { z } from 'zod';
import { maxInputSide } from '../../data/features/image-features.ts';
import { preprocessSchema } from '../../data/features/preprocess-config.ts';

/** Ways to make one vector per example from one vector per token or position. */
export const poolings = ['cls', 'mean', 'max', 'none'] as const;
export type Pooling = (typeof poolings)[number];

const side = z.int().min(1).max(maxInputSide);

/** Maximum number of examples per call of the model. */
export const maxBatchSize = 4096;

/** Fields of an encoder that is written as an object. */
export const encoderFields = {
  path: z
    .string()
    .min(1)
    .describe(
      'Folder in the dataset, or hf:OWNER/NAME@REVISION. The folder has model.onnx, onnx/model.onnx, a SavedModel, or the model.json of a tfjs GraphModel; with tokenizer.json for text.',
    ),
  file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Model in the folder, such as onnx/model_quantized.onnx. Default: onnx/vision_model.onnx for images or onnx/text_model.onnx for texts, as CLIP has them; otherwise model.onnx or onnx/model.onnx.',
    ),
  embeddingName: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Name of the output with the embedding; of an ONNX model or a GraphModel also of any tensor inside. Default: found by name and shape.',
    ),
  pooling: z
    .enum(poolings)
    .optional()
    .describe(
      'One vector from the vectors of all tokens or positions: cls is the first one. none: the output has one vector per example. Default: as 1_Pooling/config.json states, otherwise mean for text, cls for tokens of an image.',
    ),
  normalize: z
    .boolean()
    .optional()
    .describe('Divide embeddings by their length. Default: true if modules.json has Normalize.'),
  maxLength: z
    .int()
    .min(3)
    .optional()
    .describe(
      'Tokens per text, with special ones; the rest is cut off. Default: the maximum of the model, at most 512.',
    ),
  batchSize: z
    .int()
    .min(1)
    .max(maxBatchSize)
    .default(32)
    .describe(
      'Examples per call of the model. It bounds the memory. A dynamically quantized model gives slightly other embeddings with another size.',
    ),
  size: z
    .tuple([side, side])
    .optional()
    .describe('Height and width of the images. Default: as preprocessor_config.json states.'),
  preprocess: preprocessSchema
    .optional()
    .describe('How images become numbers. Default: as preprocessor_config.json states.'),
};

const fieldsSchema = z.strictObject(encoderFields);

/** An encoder: the path alone, or with settings. Two spellings of a path are one encoder. */
export const encoderSchema = z
  .union([z.string().min(1), fieldsSchema])
  .transform((value) => {
    const fields = typeof value === 'string' ? fieldsSchema.parse({ path: value }) : value;
    return { ...fields, path: plainPath(fields.path) };
  })
  .describe('A pretrained model that turns examples into embeddings: its path, or fields.');

/** @example plainPath('./models/encoder/') // 'models/encoder' */
function plainPath(path: string): string {
  return path.includes(':') ? path : posix.normalize(path).replace(/(?<=.)\/+$/, '');
}

export type EncoderConfig = z.infer<typeof encoderSchema>;
