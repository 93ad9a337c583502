import { z } from 'zod';
import { columnReportSchema } from '../data/features/column-report.ts';
import { leftOutSchema } from '../data/left-out.ts';
import { setNames } from '../data/shard.ts';
import { type MethodName, methodNames, methodOf, type methods } from '../debias/methods.ts';
import { billSchema } from '../run/bill-file.ts';
import { calibrationFileSchema } from '../run/calibration-file.ts';
import { teacherAccuracySchema, truncatedTextsSchema } from '../run/reconcile-file.ts';
import { epochSchema } from '../train/epoch.ts';
import { confusionSchema } from './confusion.ts';
import { teachersSchema } from './describe-mixture.ts';
import { deviationsSchema } from './deviations.ts';
import { gallerySchema } from './gallery.ts';
import { leakageSchema } from './leakage.ts';
import { reliabilitySchema } from './reliability.ts';
import { intervalSchema, metricsSchema } from './schema.ts';
import { weightPlaneSchema } from './weight-plane.ts';

const count = z.int().nonnegative();

type Methods = typeof methods;

/** The records of the methods' preparations, by field. */
type RecordSchemas = {
  [Name in MethodName as Methods[Name] extends { record: { field: infer Field extends string } }
    ? Field
    : never]: Methods[Name] extends { record: { schema: infer Schema extends z.ZodType } }
    ? z.ZodOptional<Schema>
    : never;
};

function recordSchemas(): RecordSchemas {
  const fields = methodNames.flatMap((name) => {
    const { record } = methodOf(name);
    return record ? [[record.field, record.schema.optional()] as const] : [];
  });
  // The type of Object.fromEntries does not contain the names.
  return Object.fromEntries(fields) as RecordSchemas;
}

/** Comparison of an exported file with its student, or why there is no file. */
export const exportSchema = z.union([
  z.strictObject({
    /** Name of the exporter. */
    format: z.string(),
    bytes: count,
    /** Examples of the evaluated set that were compared. */
    examples: count,
    /** Largest difference of a probability. */
    largestDifference: z.number().nonnegative(),
    /** Shares of right decisions on the compared examples. Absent if no weight is rounded. */
    rounded: z.strictObject({ accuracy: z.number(), studentAccuracy: z.number() }).optional(),
  }),
  z.strictObject({ format: z.string(), leftOut: z.string() }),
]);
export type ExportRecord = z.infer<typeof exportSchema>;

/** `runs/<run>/metrics.json`: the figures of the report and of the final table. */
export const runMetricsSchema = z.strictObject({
  run: z.string(),
  dataset: z.string(),
  classes: z.array(z.string()),
  /** The test set, or, without one, a set that the students were trained on. */
  evaluatedOn: z.enum(['test', 'validation', 'labeled']),
  /**
   * Metrics of the teacher (`teacher`), of every student and baseline, by its name, and of the
   * student in use (`current`).
   */
  metrics: metricsSchema,
  /**
   * Confused classes of the teacher (`teacher`) and of the first student, by its name. Absent in a
   * multi-label task, which has counts per label.
   */
  confusion: z.record(z.string(), confusionSchema).optional(),
  /**
   * Right answers by confidence, of the teacher and of the first student. If calibration changes
   * the teacher's answers, also of `teacher before calibration`.
   */
  reliability: z.record(z.string(), reliabilitySchema).optional(),
  /** Examples to look at; absent if the config asks for none. */
  gallery: gallerySchema.optional(),
  /** Test examples that are in another set as well; undefined if there are none. */
  leakage: leakageSchema.optional(),
  /** The first is the student of the config's method; the others are compared with it. */
  students: z.array(
    z.strictObject({
      variant: z.string(),
      history: z.array(epochSchema),
      parameters: count,
      /** Architecture, if it is not a network of TensorFlow. */
      network: z.string().optional(),
      /** Size of the saved student. */
      bytes: count,
      /** Files in other formats, compared with the student; or why one is left out. */
      exports: z.array(exportSchema).default([]),
      ...recordSchemas(),
    }),
  ),
  /** Models of the labels alone; one without parameters was left out, and has no metrics. */
  baselines: z.array(
    z.strictObject({
      name: z.string(),
      description: z.string(),
      parameters: count.optional(),
      network: z.string().optional(),
      bytes: count.optional(),
    }),
  ),
  /** Key prefix of the student in use when the run was evaluated; absent if there was none. */
  currentStudent: z.string().optional(),
  /** Why the student in use has no metrics; absent if it has, or if there is none. */
  currentProblem: z.string().optional(),
  /** Calibration of the teacher, with its gain out of fold; absent if the run has none. */
  calibration: calibrationFileSchema.optional(),
  /** The teachers, if there are several. */
  teachers: teachersSchema.optional(),
  /** The teacher's accuracy on labels that it has not learned; undefined if there are none. */
  teacherAccuracy: teacherAccuracySchema.optional(),
  /** Error rate of the teacher's decisions on the validation set, for margins in [low, high]. */
  teacherCurve: z.array(
    z.strictObject({ low: z.number(), high: z.number(), count, errorRate: intervalSchema }),
  ),
  /** Histogram of the weights of all decisions about unlabeled examples; a bin is [low, high). */
  weights: z.array(z.strictObject({ low: z.number(), high: z.number(), count })),
  meanWeight: z.number(),
  /** Weights by the margins of the teacher and of the student after Warm up. */
  weightPlane: weightPlaneSchema.default([]),
  /** Whether the loss of a student was weighted by them. */
  isWeighted: z.boolean().default(true),
  /** Decisions about unlabeled examples with the smallest weights, in ascending order. */
  leastWeighed: z.array(
    z.strictObject({
      shard: z.string().optional(),
      id: z.string(),
      /** Label that the weight is of, if the task is multi-label. */
      label: z.string().optional(),
      /** Class that the teacher predicts; in a multi-label task, yes or no. */
      prediction: z.string().optional(),
      weight: z.number(),
      /** Estimated probability that the teacher is wrong. */
      errorProbability: z.number(),
      teacherMargin: z.number(),
    }),
  ),
  /** Examples labeled by the teacher, per set. */
  labels: z.record(z.enum(setNames), count),
  /** Deviations of the students from the teacher. */
  deviations: deviationsSchema,
  /** First rows of `label-next.csv`: unlabeled examples whose labels would help most. */
  labelNext: z.array(
    z.strictObject({
      shard: z.string().optional(),
      id: z.string(),
      prediction: z.string(),
      margin: z.number(),
    }),
  ),
  quarantined: count,
  /** Some of the quarantined examples, for the report. */
  quarantineExamples: z.array(z.strictObject({ id: z.string(), reason: z.string() })),
  /** Reasons for quarantine, the most frequent first. */
  quarantineReasons: z.array(z.strictObject({ reason: z.string(), examples: count })).default([]),
  /** Texts of all sets that were cut to the maximum of an encoder; absent if there are none. */
  truncated: z.array(truncatedTextsSchema).min(1).optional(),
  /** Labeled examples of each class, [classes], by set. */
  classCounts: z.partialRecord(z.enum(setNames), z.array(count)).optional(),
  /** Columns of a table. */
  columns: z.array(columnReportSchema).optional(),
  /** Files in the folders of the sets that are not data. */
  leftOut: z.array(leftOutSchema).default([]),
  warnings: z.array(z.string()),
  /** Cost of the run before Evaluate; undefined for a local run, which has no bill. */
  bill: billSchema.extend({ estimatedUsd: z.number().nonnegative() }).optional(),
});
/** Metrics of a run. */
export type RunMetrics = z.infer<typeof runMetricsSchema>;

/** Returns the size of a student or baseline; nothing for other models. */
export function sizeOf(
  { students, baselines }: RunMetrics,
  wanted: string,
): { readonly parameters?: number | undefined; readonly bytes?: number | undefined } {
  const student = students.find(({ variant }) => variant === wanted);
  return student ?? baselines.find(({ name }) => name === wanted) ?? {};
}
