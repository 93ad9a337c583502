import { z } from 'zod';

/** The sections of `distill.yaml` that say what the examples are and where they lie. */

export const share = z
  .union([
    z.number().min(0).max(1),
    z
      .string()
      .regex(/^\d+(\.\d+)?%$/, 'expected a share such as 1% or 0.01')
      .transform((text) => Number(text.slice(0, -1)) / 100),
  ])
  .describe('A share: 1% or 0.01.');

const classes = z
  .union([z.string().min(1), z.array(z.union([z.string(), z.number()])).min(2)])
  .describe('The class names, or the JSON file that lists them; a class is the place in the list.');

const imageTask = z.strictObject({
  type: z.literal('image-classification'),
  classes,
  size: z
    .tuple([z.int().min(1).max(4096), z.int().min(1).max(4096)])
    .describe('Height and width in pixels that the student sees; images are resized to it.'),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(3)
    .describe('1 for grey, 3 for colour.'),
});

const rowTask = z.strictObject({
  type: z.literal('tabular-classification'),
  classes,
  target: z.string().default('label').describe('The column that holds the class.'),
  numeric: z
    .array(z.string())
    .optional()
    .describe('Numeric columns. Default: found in the labeled set.'),
  categorical: z
    .array(z.string())
    .optional()
    .describe('Categorical columns. Default: found in the labeled set.'),
});

const vectorTask = z.strictObject({
  type: z.literal('vector-classification'),
  classes,
  length: z.int().min(1).describe('How many floats an example has.'),
});

export const taskSchema = z.discriminatedUnion('type', [imageTask, rowTask, vectorTask]);
export type Task = z.infer<typeof taskSchema>;

export const dataSchema = z.strictObject({
  format: z
    .enum(['webdataset', 'parquet', 'csv', 'images'])
    .describe('webdataset: tar shards; parquet; csv with a header; images: plain files.'),
  id: z
    .string()
    .optional()
    .describe('Column of the id (Parquet, CSV). Default: "id" where there is one, else the row.'),
  label: z
    .string()
    .optional()
    .describe(
      'Column of the class (Parquet). Default: the target of a tabular task, else "label".',
    ),
  image: z.string().default('image').describe('Column of the encoded image (Parquet).'),
  vector: z.string().default('features').describe('Column of the list of floats (Parquet).'),
  missing: z.array(z.string()).default(['', '?', 'NA']).describe('Texts that mean "missing".'),
  validationShare: share
    .default(0.5)
    .describe(
      'Share of the labeled set kept for validation when there is no validation/ folder and a label cannot serve for both: the teacher is a brought one, or folds is 1. 0: all serve for both, which is right for a teacher that has not learned them.',
    ),
  shardMiB: z.number().positive().default(64).describe('About how much data goes into one shard.'),
});

export type DataConfig = z.infer<typeof dataSchema>;

/** Random changes to images while training. */
export const augmentSchema = z.strictObject({
  flip: z.boolean().default(false).describe('Mirror left and right at random.'),
  crop: z.int().min(0).default(0).describe('Shift by up to this many pixels at random.'),
});
export type AugmentConfig = z.infer<typeof augmentSchema>;

/** What a reader needs to know of the config. */
export interface ReadConfig {
  readonly task: Task;
  readonly data: DataConfig;
}
