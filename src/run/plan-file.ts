import { z } from 'zod';
import { configSchema } from '../config/schema.ts';
import { featuresSchema } from '../data/features/index.ts';
import type { Folds } from '../data/folds.ts';
import type { Need } from '../debias/method.ts';
import { methodNames, methodOf } from '../debias/methods.ts';
import { estimateSchema } from './estimate-file.ts';

/** One student of the run. */
export const variantSchema = z.strictObject({
  name: z.string(),
  method: z.enum(methodNames),
  labels: z.enum(['soft', 'hard']),
  seed: z.int(),
  trainer: z.enum(['gpu', 'function']),
});
export type Variant = z.infer<typeof variantSchema>;

const setSchema = z.strictObject({ shards: z.int(), bytes: z.int() });

/** `runs/<run>/plan.json`: all decisions that the stages after Plan share. */
export const planSchema = z.strictObject({
  run: z.string(),
  /** The dataset's name: the last part of its location. */
  dataset: z.string(),
  config: configSchema,
  classes: z.array(z.string()),
  features: featuresSchema,
  teacher: z.strictObject({
    kind: z.string(),
    /** Everything that decides what the teacher says: the label cache's key. */
    digest: z.string(),
  }),
  variants: z.array(variantSchema),
  sets: z.strictObject({
    labeled: setSchema,
    validation: setSchema,
    test: setSchema,
    unlabeled: setSchema,
  }),
  /** The set that tells where the teacher errs; `labeled` when its labels serve for both. */
  validatedOn: z.enum(['validation', 'labeled']),
  /** Without a test set, that set; the figures then are on data that the students have learned. */
  evaluatedOn: z.enum(['test', 'validation', 'labeled']),
  warnings: z.array(z.string()),
  /** What the run would use and cost on AWS, with the labels that there were when it was planned. */
  estimate: estimateSchema,
});
export type Plan = z.infer<typeof planSchema>;

/** Returns true if the method of any student has the need. */
export function needs({ variants }: Pick<Plan, 'variants'>, need: Need): boolean {
  return variants.some(({ method }) => methodOf(method).needs.includes(need));
}

/** How the labeled examples are dealt among the teachers. */
export function foldsOf({ config }: Plan): Folds {
  return { count: config.folds, seed: config.seed };
}

const acceptedSchema = z.strictObject({
  run: z.string(),
  dataset: z.string(),
  config: configSchema,
  /** The batches to take: those that had their marker. Absent: all, for no batch has one. */
  batches: z.array(z.string()).optional(),
});
export type AcceptedRecord = z.infer<typeof acceptedSchema>;

const refusedSchema = z.strictObject({
  run: z.string(),
  dataset: z.string(),
  refused: z.strictObject({ message: z.string(), hint: z.string() }),
});

/** `runs/<run>/run.json`: what was asked for, or why that cannot be done. */
export const recordSchema = z.union([acceptedSchema, refusedSchema]);
export type RunRecord = z.infer<typeof recordSchema>;
