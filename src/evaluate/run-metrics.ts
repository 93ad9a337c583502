import { z } from 'zod';
import { setNames } from '../data/shard.ts';
import { type MethodName, methodNames, methodOf, type methods } from '../debias/methods.ts';
import { billSchema } from '../run/bill-file.ts';
import { deviationsSchema } from './deviations.ts';
import { metricsSchema } from './schema.ts';

const interval = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });
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
  // fromEntries loses which names there are.
  return Object.fromEntries(fields) as RecordSchemas;
}

/** `runs/<run>/metrics.json`: everything that the report and the table at the end show. */
export const runMetricsSchema = z.strictObject({
  run: z.string(),
  dataset: z.string(),
  classes: z.array(z.string()),
  /** Without a test set another; the figures then are on data that the students have learned. */
  evaluatedOn: z.enum(['test', 'validation', 'labeled']),
  /** The teacher (`teacher`) and every student, by the name of its variant. */
  metrics: metricsSchema,
  /** The first is the one that the config asks for; the others are compared with it. */
  students: z.array(
    z.strictObject({
      variant: z.string(),
      history: z.array(
        z.strictObject({
          epoch: z.int(),
          loss: z.number(),
          /** Of the unlabeled examples. Undefined for a student without weights. */
          meanWeight: z.number().optional(),
          /** Share of the unlabeled examples to which the student gave the class of their label. */
          agreement: z.number().optional(),
        }),
      ),
      parameters: count,
      /** Size of the saved student. */
      bytes: count,
      ...recordSchemas(),
    }),
  ),
  /** The teacher's share of wrong classes on the validation set, by its margin in [low, high]. */
  teacherCurve: z.array(
    z.strictObject({ low: z.number(), high: z.number(), count, errorRate: interval }),
  ),
  /** Histogram of the weights of the unlabeled examples; a bin is [low, high). */
  weights: z.array(z.strictObject({ low: z.number(), high: z.number(), count })),
  meanWeight: z.number(),
  /** The unlabeled examples that count least, the least first, with what made it so. */
  leastWeighed: z.array(
    z.strictObject({
      id: z.string(),
      weight: z.number(),
      /** How likely the teacher is wrong there. */
      errorProbability: z.number(),
      teacherMargin: z.number(),
    }),
  ),
  /** Examples labeled by the teacher, by set. */
  labels: z.record(z.enum(setNames), count),
  /** Where the students deviate from the teacher. */
  deviations: deviationsSchema,
  /** The first of `label-next.csv`: unlabeled examples whose labels would help most. */
  labelNext: z.array(
    z.strictObject({ id: z.string(), prediction: z.string(), margin: z.number() }),
  ),
  quarantined: count,
  /** Some of the quarantined examples, for the report. */
  quarantineExamples: z.array(z.strictObject({ id: z.string(), reason: z.string() })),
  warnings: z.array(z.string()),
  /** What the run had cost when it was evaluated. Undefined on one machine, which costs nothing. */
  bill: billSchema.extend({ estimatedUsd: z.number().nonnegative() }).optional(),
});
export type RunMetrics = z.infer<typeof runMetricsSchema>;
