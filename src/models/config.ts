import { z } from 'zod';
import { namesOf } from '../table.ts';
import { kindFields, teacherKinds } from './teachers/index.ts';

/** The section `teacher` of `distill.yaml`. */
export const teacherSchema = z
  .strictObject({
    ...kindFields,
    size: z
      .tuple([z.int().min(1), z.int().min(1)])
      .optional()
      .describe('Height and width that the teacher reads. Default: the size of the task.'),
    mean: z
      .array(z.number())
      .optional()
      .describe('Subtracted from pixel/255, per channel. Default: 0.'),
    std: z.array(z.number().positive()).optional().describe('Divisor, per channel. Default: 1.'),
    output: z.enum(['probabilities', 'logits']).default('probabilities'),
    outputName: z
      .string()
      .optional()
      .describe('Name of the output with the classes, if there are several outputs.'),
    embeddingName: z.string().optional().describe('Name of the output that is an embedding.'),
    batchSize: z.int().min(1).max(4096).default(128),
  })
  .refine(
    (value) => namesOf(teacherKinds).filter((kind) => value[kind] !== undefined).length === 1,
    `expected exactly one of ${namesOf(teacherKinds).join(', ')}`,
  );
export type TeacherConfig = z.infer<typeof teacherSchema>;
