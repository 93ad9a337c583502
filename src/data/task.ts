import { z } from 'zod';

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
