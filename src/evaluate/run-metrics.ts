import { z } from 'zod';
import { setNames } from '../data/shard.ts';
import { methodNames } from '../debias/methods.ts';
import { billSchema } from '../run/bill-file.ts';
import { deviationsSchema } from './deviations.ts';
import { metricsSchema } from './schema.ts';

const interval = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });
const count = z.int().nonnegative();

/**
 * The rounds of the method `relabel`, up to the first that was refused: how those that labeled before
 * and the students of the round answer examples of which neither has learned the label.
 */
export const relabelRoundsSchema = z.array(
  z.strictObject({
    examples: count,
    /** Right answers of those who labeled before. */
    teacherRight: count,
    studentRight: count,
    /** Where the students alone are right. */
    gained: count,
    /** Where they alone are wrong. */
    lost: count,
    /** Whether the students' labels took the place of those before. */
    accepted: z.boolean(),
  }),
);

/** `choice.json` beside a student: what the method `auto` stands for, and why. */
export const choiceSchema = z.strictObject({
  method: z.enum(methodNames),
  labels: z.enum(['soft', 'hard']),
  explanation: z.string(),
  /** By how much a candidate was better than plain distillation, in the metric that decides. */
  candidates: z.array(z.strictObject({ name: z.string(), gain: interval })),
});
export type Choice = z.infer<typeof choiceSchema>;

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
      relabeling: relabelRoundsSchema.optional(),
      choice: choiceSchema.optional(),
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
export type Metrics = z.infer<typeof runMetricsSchema>;
