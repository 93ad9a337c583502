import { z } from 'zod';
import { dataSchema, share } from '../data/config.ts';
import { taskSchema } from '../data/task.ts';
import { type MethodName, methodNames } from '../debias/methods.ts';
import { networkSchema, teacherSchema } from '../models/config.ts';

/**
 * The schema of `distill.yaml`. Every field has a default or says what to write; `describe` texts
 * are what editors show (the JSON Schema is made from this file) and what `init` writes as comments.
 * Paths are keys relative to the dataset's folder.
 */

/** One student: how its loss is corrected, and from which labels it learns. */
const variant = z
  .union([
    z.enum(methodNames),
    z
      .strictObject({
        method: z.enum(methodNames),
        labels: z.enum(['soft', 'hard']).optional(),
        seed: z.int().optional(),
      })
      .refine(({ method, labels }) => method !== 'slam' || labels !== 'hard', {
        path: ['labels'],
        message: 'expected soft: slam compares the student with the probabilities of the teacher',
      }),
  ])
  .describe(
    'How the loss is corrected for the mistakes of the teacher (docs/methods.md); uniform: not at all.',
  );

type Variant = z.infer<typeof variant>;

const weights = z.strictObject({
  reading: z
    .enum(['B', 'D'])
    .default('D')
    .describe('D: ratio of mean losses (stable). B: mean of loss ratios, the formula as printed.'),
  neighbors: z
    .int()
    .min(1)
    .optional()
    .describe('Validation examples that an estimate averages. Default: the root of their number.'),
  bounds: z
    .tuple([z.number().min(0), z.number().positive()])
    .refine(([low, high]) => low <= high, 'expected the lower bound first')
    .default([0, 1])
    .describe('Weights are clipped to this range.'),
});

/** Methods that train students in folds. */
const crossValidated: readonly MethodName[] = ['relabel', 'auto'];

/** The students that a config asks for. */
interface Students {
  readonly method: Variant;
  readonly compare: readonly Variant[];
}

/** Whether one of them is trained by one of these methods. */
function hasMethod({ method, compare }: Students, ...wanted: readonly MethodName[]): boolean {
  return [method, ...compare].some((variant) =>
    wanted.includes(typeof variant === 'string' ? variant : variant.method),
  );
}

export const configSchema = z
  .strictObject({
    task: taskSchema,
    data: dataSchema,
    teacher: teacherSchema,
    folds: z
      .int()
      .min(1)
      .max(100)
      .default(5)
      .describe(
        'Cross-fitting: as many teachers are trained, each on all labels but a part, and judged on that part. They label together.',
      ),
    student: networkSchema,
    method: variant.default('relabel'),
    labels: z
      .enum(['soft', 'hard'])
      .default('hard')
      .describe('Learn from the probabilities of the teacher, or from its most likely class.'),
    weights: weights.prefault({}),
    slam: z
      .strictObject({
        topK: z.int().min(1).default(3).describe('Classes among which a wrong label may be.'),
      })
      .prefault({}),
    lelp: z
      .strictObject({
        subclasses: z
          .int()
          .min(2)
          .default(4)
          .describe('Into how many each class is split, by the embeddings of the teacher.'),
      })
      .prefault({}),
    relabel: z
      .strictObject({
        rounds: z
          .int()
          .min(1)
          .default(3)
          .describe('How often, at most, the students label in the place of the teacher.'),
      })
      .prefault({}),
    warmup: z
      .strictObject({ epochs: z.int().min(1).default(20) })
      .prefault({})
      .describe('Short training on the labeled set: the student that the first weights are for.'),
    compare: z.array(variant).default(['uniform']).describe('Also train these, for the report.'),
    trainer: z.enum(['gpu', 'function']).default('function'),
    seed: z.int().default(1),
    limits: z
      .strictObject({
        budgetUsd: z.number().positive().default(20),
        quarantine: share.default(0.01).describe('More unusable examples than this fail the run.'),
      })
      .prefault({}),
    publish: z
      .strictObject({
        metric: z.enum(['accuracy', 'logLoss']).default('accuracy'),
        minGain: z.number().default(0).describe('Publish when better than the present by more.'),
      })
      .prefault({}),
  })
  .refine((config) => config.folds > 1 || !hasMethod(config, ...crossValidated), {
    path: ['folds'],
    message:
      'expected 2 or more, for relabel and auto judge students by cross-validation (method: weighted does not)',
  })
  .refine(
    (config) =>
      !hasMethod(config, 'lelp') ||
      config.teacher.train !== undefined ||
      (config.teacher.embeddingName !== undefined && config.teacher.predictions === undefined),
    {
      path: ['teacher', 'embeddingName'],
      message:
        'expected the output of a model that is its embedding, for lelp splits the classes by it',
    },
  )
  .superRefine(({ task, teacher, student }, context) => {
    if (task.type === 'image-classification') return;
    const networks = [
      { path: ['teacher', 'train'], network: teacher.train },
      { path: ['student'], network: student },
    ];
    for (const { path, network } of networks) {
      if (network?.architecture !== 'convnet' && network?.architecture !== 'resnet') continue;
      context.addIssue({
        code: 'custom',
        path: [...path, 'architecture'],
        message: `expected mlp or layers-model: a ${network.architecture} is for images`,
      });
    }
  });

/** `distill.yaml` with all defaults filled in. */
export type Config = z.infer<typeof configSchema>;
/** `distill.yaml` as users write it. */
export type ConfigInput = z.input<typeof configSchema>;
