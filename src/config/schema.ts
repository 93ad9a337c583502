import { z } from 'zod';
import { dataSchema, share } from '../data/config.ts';
import { kindOfTask, taskSchema } from '../data/features/index.ts';
import type { Need } from '../debias/method.ts';
import {
  defaultMethod,
  type MethodName,
  methodNames,
  methodOf,
  type methods,
  plainMethod,
} from '../debias/methods.ts';
import { defaultReading, formerReadings, readingNames } from '../debias/weights.ts';
import { digestJson } from '../digest.ts';
import { teacherSchema } from '../models/config.ts';
import { encoderReads } from '../models/encoders/encoder.ts';
import { architectureOf, architecturesFor, networkSchema } from '../models/networks/index.ts';
import { withUsualLength } from '../models/networks/training-length.ts';
import { teacherKindOf } from '../models/teachers/index.ts';
import { memberFields, membersOf } from '../models/teachers/trained-kind.ts';
import { multiLabelProblems } from './multi-label-rules.ts';
import { trainingProblems } from './training-rules.ts';

/**
 * The schema of `distill.yaml`. Every field has a default or an error that asks for it. Editors
 * show the `describe` texts, through the JSON Schema that is generated from this file, and `init`
 * writes them as comments. Paths are keys relative to the dataset's folder.
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
      .superRefine(({ method, labels }, context) => {
        if (methodOf(method).labels === 'either' || labels !== 'hard') return;
        context.addIssue({
          code: 'custom',
          path: ['labels'],
          message: `expected soft: ${method} learns from the probabilities of the teacher`,
        });
      }),
  ])
  .describe(
    'Correction for the mistakes of the teacher (docs/methods.md). uniform: none. Default with multiLabel: weighted.',
  );

type Variant = z.infer<typeof variant>;

/** Default of `report.examples`. */
export const defaultExamples = 24;

const weights = z.strictObject({
  reading: z
    .enum(readingNames)
    .default(defaultReading)
    .describe(
      'ratioOfMeans: ratio of mean losses (stable). meanOfRatios: mean of loss ratios, the formula as printed.',
    ),
  neighbors: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Number of validation examples per estimate. Default: the square root of their total number.',
    ),
  bounds: z
    .tuple([z.number().min(0), z.number().positive()])
    .refine(([low, high]) => low <= high, 'expected the lower bound first')
    .default([0, 1])
    .describe('Weights are clipped to this range.'),
});

type Methods = typeof methods;

/** The option sections of the methods that have one, by name. */
type Sections = {
  [Name in MethodName as Methods[Name] extends { options: z.ZodType }
    ? Name
    : never]: Methods[Name] extends { options: infer Options } ? Options : never;
};

function methodSections(): Sections {
  const sections = methodNames.flatMap((name) => {
    const { options } = methodOf(name);
    return options ? [[name, options] as const] : [];
  });
  // The type of Object.fromEntries does not contain the names.
  return Object.fromEntries(sections) as Sections;
}

/** The students that a config asks for. */
interface Students {
  readonly method: Variant;
  readonly compare: readonly Variant[];
}

/** Lists the methods of the students, each with its field. */
function studentFields({ method, compare }: Students) {
  const fields = [
    { path: ['method'], variant: method },
    ...compare.map((variant, index) => ({ path: ['compare', index], variant })),
  ];
  return fields.map(({ path, variant }) => ({
    path,
    method: typeof variant === 'string' ? variant : variant.method,
  }));
}

/** Lists the methods of the students, each once. */
function methodsOf(students: Students): MethodName[] {
  return [...new Set(studentFields(students).map(({ method }) => method))];
}

/** Lists the methods of the students that have a need. */
export function methodsWith(need: Need, students: Students): string[] {
  return methodsOf(students).filter((name) => methodOf(name).needs.includes(need));
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
        'Number of folds for cross-fitting. One teacher per fold is trained on all other folds, and its errors are measured on its fold. Together they label the unlabeled set.',
      ),
    validation: z
      .enum(['held-out'])
      .optional()
      .describe(
        'held-out: labels in validation/ only judge the teacher. Default: with cross-fitting it also learns them, and each label judges the teacher of its fold.',
      ),
    student: networkSchema.transform(withUsualLength),
    method: variant.default(defaultMethod),
    labels: z
      .enum(['soft', 'hard'])
      .default('hard')
      .describe(
        'soft: learn from the probabilities of the teacher. hard: from its most likely class.',
      ),
    weights: weights.prefault({}),
    ...methodSections(),
    warmup: z
      .strictObject({ epochs: z.int().min(1).default(20) })
      .prefault({})
      .describe('Short training on the labeled set, after which the first weights are computed.'),
    compare: z
      .array(variant)
      .default([plainMethod])
      .describe('Other students to train, for comparison in the report.'),
    trainer: z.enum(['gpu', 'function']).default('function'),
    seed: z.int().default(1),
    limits: z
      .strictObject({
        budgetUsd: z.number().positive().default(20),
        quarantine: share
          .default(0.01)
          .describe('Maximum share of unusable examples; above it, the run fails.'),
      })
      .prefault({}),
    publish: z
      .strictObject({
        metric: z
          .enum(['accuracy', 'macroRecall', 'logLoss', 'microF1'])
          .optional()
          .describe(
            'macroRecall: every class counts alike, however rare it is. microF1: only with multiLabel. Default: accuracy, or microF1 with multiLabel.',
          ),
        minGain: z
          .number()
          .default(0)
          .describe(
            'Publish if the metric is better than that of the student in use by more than this.',
          ),
      })
      .prefault({}),
    report: z
      .strictObject({
        examples: z
          .int()
          .min(0)
          .max(100)
          .default(defaultExamples)
          .describe('Maximum number of examples per list, with their content. 0: no content.'),
      })
      .optional()
      .describe('The report, report.html. Default: 24 examples per list.'),
  })
  .superRefine((config, context) => {
    const [first] = methodsWith('folds', config);
    if (config.folds > 1 || first === undefined) return;
    const others = methodNames.filter((name) => !methodOf(name).needs.includes('folds'));
    context.addIssue({
      code: 'custom',
      path: ['folds'],
      message: `expected 2 or more: ${first} compares students by cross-validation (${others.join(', ')} do not)`,
    });
  })
  .superRefine((config, context) => {
    const [first] = methodsWith('embeddings', config);
    const kind = teacherKindOf(config.teacher);
    const isNamed = config.teacher.embeddingName !== undefined || kind?.supplied === false;
    if (first === undefined || (kind?.isModel && isNamed)) return;
    context.addIssue({
      code: 'custom',
      path: ['teacher', 'embeddingName'],
      message: `expected the model output that is the teacher's embedding, which ${first} needs`,
    });
  })
  .superRefine((config, context) => {
    const problems = [
      ...trainingProblems(config, methodsOf(config)),
      ...multiLabelProblems(config, studentFields(config)),
    ];
    for (const problem of problems) context.addIssue({ code: 'custom', ...problem });
  })
  .superRefine(({ task, teacher, student }, context) => {
    const networks = [...memberFields(teacher), { path: ['student'], network: student }];
    const { name: content } = kindOfTask(task);
    for (const { path, network } of networks) {
      if (network.architecture === undefined) {
        if (encoderReads.some((reads) => reads === content)) continue;
        context.addIssue({
          code: 'custom',
          path: [...path, 'encoder'],
          message: `expected architecture: ${architecturesFor(task.type).join(' or ')}: encoders read ${encoderReads.join('s or ')}s, and the task has ${content}s`,
        });
        continue;
      }
      const { tasks, mismatch } = architectureOf(network);
      const { architecture } = network;
      if (tasks?.includes(task.type) === false) {
        context.addIssue({
          code: 'custom',
          path: [...path, 'architecture'],
          message: `expected ${architecturesFor(task.type).join(' or ')}: ${architecture} is only for ${tasks.join(' and ')}`,
        });
        continue;
      }
      const found = mismatch?.(network, task);
      if (!found) continue;
      const message = `expected ${found.expected} for ${architecture}`;
      context.addIssue({ code: 'custom', path: ['task', ...found.path], message });
    }
  })
  .superRefine(({ teacher }, context) => {
    const members = membersOf(teacher).map((member) => digestJson(member, 16));
    const again = members.findIndex((member, index) => members.indexOf(member) < index);
    if (again < 0) return;
    context.addIssue({
      code: 'custom',
      path: ['teacher', 'train', again],
      message: 'expected different teachers: this one is in the list already',
    });
  })
  .superRefine(({ task, publish }, context) => {
    if (publish.metric !== 'microF1' || task.multiLabel) return;
    context.addIssue({
      code: 'custom',
      path: ['publish', 'metric'],
      message: 'expected accuracy, macroRecall or logLoss: microF1 is for tasks with multiLabel',
    });
  })
  .overwrite(({ publish: { metric, ...gate }, ...config }) => ({
    ...config,
    publish: { metric: metric ?? (config.task.multiLabel ? 'microF1' : 'accuracy'), ...gate },
  }));

/** The new names of renamed values, by field: an error suggests them. */
export const renamedValues: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'weights.reading': formerReadings,
};

/** `distill.yaml` with all defaults filled in. */
export type Config = z.infer<typeof configSchema>;
/** `distill.yaml` as users write it. */
export type ConfigInput = z.input<typeof configSchema>;
