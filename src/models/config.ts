import { z } from 'zod';
import { preprocessSchema } from '../data/features/preprocess-config.ts';
import { namesOf } from '../table.ts';
import { outputNames } from './teachers/distributions.ts';
import { kindFields, teacherKindOf, teacherKinds } from './teachers/index.ts';
import { layoutNames } from './teachers/layout.ts';
import type { TeacherKind } from './teachers/teacher-kind.ts';

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
    preprocess: preprocessSchema.optional(),
    layout: z
      .enum(layoutNames)
      .optional()
      .describe(
        'Order of the axes of images: NCHW (PyTorch) or NHWC (Keras). Default: as the input of the model shows.',
      ),
    columns: z
      .union([z.literal('encoded'), z.array(z.string()).min(1)])
      .optional()
      .describe(
        'Columns of a table that the model reads as they are written, in its order. encoded: it reads the features of the student.',
      ),
    output: z
      .enum(outputNames)
      .default('probabilities')
      .describe(
        'What the output holds. sigmoid: one probability per class alone; each row is divided by its sum.',
      ),
    outputName: z
      .string()
      .optional()
      .describe('Name of the output with the classes, if there are several outputs.'),
    embeddingName: z.string().optional().describe('Name of the output that is an embedding.'),
    calibrate: z
      .boolean()
      .default(true)
      .describe(
        'Correct the probabilities per class by labels that the teacher did not learn, if that is better out of fold (docs/methods.md).',
      ),
    batchSize: z.int().min(1).max(4096).default(128),
  })
  .refine(
    (value) => namesOf(teacherKinds).filter((kind) => value[kind] !== undefined).length === 1,
    `expected exactly one of ${namesOf(teacherKinds).join(', ')}`,
  )
  .superRefine((teacher, context) => {
    for (const { field, expected } of unreadFields(teacher)) {
      context.addIssue({ code: 'custom', path: [field], message: `expected ${expected}` });
    }
  })
  .superRefine((teacher, context) => {
    if (teacher.preprocess === undefined) return;
    const expected = insteadOfPreprocess(teacherKindOf(teacher));
    if (expected !== undefined) {
      context.addIssue({ code: 'custom', path: ['preprocess'], message: `expected ${expected}` });
    }
    for (const field of ['mean', 'std'] as const) {
      if (teacher[field] === undefined) continue;
      const message = `expected in teacher.preprocess, which has its own ${field}`;
      context.addIssue({ code: 'custom', path: [field], message });
    }
  });
export type TeacherConfig = z.infer<typeof teacherSchema>;

/** Fields that only a model in files has, besides `preprocess`. */
const modelFields = [
  'size',
  'mean',
  'std',
  'layout',
  'columns',
  'outputName',
  'embeddingName',
] as const;

/** The part of the section that decides which fields are read. */
type FieldsByKind = Parameters<typeof teacherKindOf>[0] & {
  readonly [Field in (typeof modelFields)[number]]?: unknown;
} & { readonly output: string; readonly loss: string };

/** Lists the fields that a teacher of its kind would not read, each with what is expected. */
function unreadFields(teacher: FieldsByKind): { field: string; expected: string }[] {
  const kind = teacherKindOf(teacher);
  if (kind === undefined) return [];
  if (kind.supplied && teacher.loss !== 'crossEntropy') {
    return [{ field: 'loss', expected: 'no loss: it is for a teacher that is trained here' }];
  }
  if (kind.supplied && kind.isModel) return [];
  const fields: string[] = modelFields.filter((field) => teacher[field] !== undefined);
  if (!kind.supplied && teacher.output !== 'probabilities') fields.push('output');
  const reason = kind.supplied
    ? 'it is for a model in files, and stored predictions have none'
    : 'it is for a user-supplied teacher, and this one is trained here';
  return fields.map((field) => ({ field, expected: `no ${field}: ${reason}` }));
}

/** Returns what a teacher needs instead of `preprocess`; undefined if it is a model in files. */
function insteadOfPreprocess(kind: TeacherKind | undefined): string | undefined {
  if (!kind?.supplied) {
    return 'task.preprocess: a teacher that is trained here reads the images of the student';
  }
  if (kind.isModel) return undefined;
  return 'a teacher that is a model in files: stored predictions read no images';
}
