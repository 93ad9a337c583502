import { z } from 'zod';
import { configSchema } from '../config/schema.ts';
import type { ColumnsConfig } from '../data/columns-config.ts';
import { columnReportSchema } from '../data/features/column-report.ts';
import { encoderIn, type Features, featuresSchema, kindOfTask } from '../data/features/index.ts';
import type { Folds } from '../data/folds.ts';
import { leftOutSchema } from '../data/left-out.ts';
import { type SetName, setNames } from '../data/shard.ts';
import { type Decisions, decisionsOf } from '../debias/decisions.ts';
import type { Need } from '../debias/method.ts';
import { methodNames, methodOf } from '../debias/methods.ts';
import { networkFeatures, plannedEncoderSchema } from '../models/encoders/planned.ts';
import { networkFileSchema } from '../models/network-files.ts';
import type { StudentDescription } from '../models/student-description.ts';
import { estimateSchema } from './estimate-file.ts';
import { isCrossFitted, learnedSets } from './label-use.ts';

/** Student of the run. */
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
  /** Name of the dataset: the last part of its location. */
  dataset: z.string(),
  config: configSchema,
  classes: z.array(z.string()),
  /** Features of the examples. A network with an encoder reads embeddings: `networkFeatures`. */
  features: featuresSchema,
  /** The encoders of the networks, each once. */
  encoders: z.array(plannedEncoderSchema).default([]),
  teacher: z.strictObject({
    kind: z.string(),
    /** Digest of everything that the teacher's outputs depend on: the key of its raw answers. */
    digest: z.string(),
    /** The teachers that are trained, in the order of the config; several are mixed. */
    members: z.array(z.strictObject({ name: z.string(), digest: z.string() })).default([]),
    /** Key of the labels: another digest if the answers are calibrated, otherwise the same. */
    labels: z.string(),
    /** Reasons to doubt it: its settings, and some labeled examples. Reconcile judges it on all. */
    doubts: z.array(z.string()),
  }),
  variants: z.array(variantSchema),
  /** The user's files of the student's network, and of a teacher's that is trained. */
  networkFiles: z.array(networkFileSchema).default([]),
  /** Models of the labels alone, trained beside the students: `distill/baselines/`. */
  baselines: z.array(z.strictObject({ name: z.string(), trainer: z.enum(['gpu', 'function']) })),
  /** Digests of `shards.json` and `unlabeled.json`. */
  shardsDigest: z.string(),
  unlabeledDigest: z.string(),
  sets: z.strictObject({
    labeled: setSchema,
    validation: setSchema,
    test: setSchema,
    unlabeled: setSchema,
  }),
  /** Sets whose labels measure the teacher's errors; by cross-fitting, it also learns them. */
  validatedOn: z.array(z.enum(['labeled', 'validation'])).min(1),
  /**
   * Set of the final metrics: the test set or, without one, a set of `validatedOn`, on which the
   * students were trained.
   */
  evaluatedOn: z.enum(['test', 'validation', 'labeled']),
  /** Labeled examples of each class, [classes], by set; an old plan has none. */
  classCounts: z.partialRecord(z.enum(setNames), z.array(z.int())).optional(),
  /** Files in the folders of the sets that are not data. */
  leftOut: z.array(leftOutSchema).default([]),
  warnings: z.array(z.string()),
  /** Use and cost of the run on AWS, given the labels that existed when it was planned. */
  estimate: estimateSchema,
  /** Description of the columns of a table. */
  columns: z.array(columnReportSchema).optional(),
});
export type Plan = z.infer<typeof planSchema>;

/** Returns the decisions that the models of a run make. */
export function planDecisions({ config, classes }: Pick<Plan, 'config' | 'classes'>): Decisions {
  return decisionsOf(config.task, classes.length);
}

/** Returns what the students of a run read. */
export function studentFeatures(plan: Pick<Plan, 'config' | 'features' | 'encoders'>): Features {
  return networkFeatures(plan, plan.config.student);
}

/** Returns the content of a model's `student.json`. @param features what the model reads. */
export function descriptionOf(
  plan: Pick<Plan, 'config' | 'classes' | 'features'>,
  features: Features,
): StudentDescription {
  return {
    classes: plan.classes,
    features,
    ...(encoderIn(features) !== undefined && { examples: plan.features }),
    table: tableOf(plan.config),
    ...(planDecisions(plan).isMultiLabel && { multiLabel: true }),
    createdBy: 'counterweight',
  };
}

/** Returns how the tables of a config have the examples. */
function tableOf({ task, data }: ColumnsConfig): StudentDescription['table'] {
  const { column, cells } = kindOfTask(task);
  const columns = column ? [data[column.field]] : cells?.names(task);
  return { ...(columns && { columns: [...columns] }), missing: data.missing };
}

/** Returns true if the method of any student has the need. */
export function needs({ variants }: Pick<Plan, 'variants'>, need: Need): boolean {
  return variants.some(({ method }) => methodOf(method).needs.includes(need));
}

/** Returns the sets that the teacher learns if counterweight trains it. */
export function learnedByTeacher({
  config,
  sets,
}: Pick<Plan, 'config' | 'sets'>): readonly SetName[] {
  return learnedSets(config, sets.validation.shards > 0);
}

/** Returns true if the teacher's probabilities are calibrated before they become labels. */
export function isCalibrated({ teacher }: Pick<Plan, 'teacher'>): boolean {
  return teacher.labels !== teacher.digest;
}

/** Returns the digests of the teachers of a mixture, sorted; one or none if nothing is mixed. */
export function mixedDigests({ teacher }: Pick<Plan, 'teacher'>): string[] {
  return teacher.members.map(({ digest }) => digest).sort();
}

/** Returns true if the labels judge several teachers, each label the one of its fold. */
export function isJudgedByFold({ config, validatedOn }: Plan): boolean {
  return isCrossFitted(config) && validatedOn.includes('labeled');
}

/** Returns the folds in which a calibration is fitted: those of the teachers, if there are any. */
export function calibrationFolds(plan: Plan): Folds {
  const folds = foldsOf(plan);
  return folds.count > 1 ? folds : { ...folds, count: 5 };
}

/** Returns how the labeled examples are split among the teachers. */
export function foldsOf({ config }: Plan): Folds {
  return { count: config.folds, seed: config.seed };
}

const acceptedSchema = z.strictObject({
  run: z.string(),
  dataset: z.string(),
  config: configSchema,
  /**
   * Batches that had a marker when the run started; no others are used. Absent if no batch had one:
   * all are used.
   */
  batches: z.array(z.string()).optional(),
});
export type AcceptedRecord = z.infer<typeof acceptedSchema>;

const refusedSchema = z.strictObject({
  run: z.string(),
  dataset: z.string(),
  refused: z.strictObject({ message: z.string(), hint: z.string() }),
});

/** `runs/<run>/run.json`: the dataset and config of the run, or why the run is refused. */
export const recordSchema = z.union([acceptedSchema, refusedSchema]);
export type RunRecord = z.infer<typeof recordSchema>;
