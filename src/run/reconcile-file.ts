import { z } from 'zod';
import { setNames } from '../data/shard.ts';

const countSchema = z.strictObject({ labeled: z.int(), quarantined: z.int() });

const copiesOf = z.strictObject({
  examples: z.int(),
  /** All examples of the set. */
  of: z.int(),
  /** Id of the first example that is equal to one of them. */
  first: z.string().optional(),
});

const copiesSchema = z.strictObject({
  /** Test examples that are in the labeled or the validation set as well. */
  test: copiesOf,
  /** Validation examples that are in the labeled set as well. */
  validation: copiesOf,
  /** Labeled examples with another class than an earlier, equal one. */
  contradicting: copiesOf,
});
/** Numbers of equal examples in different sets. */
export type Copies = z.infer<typeof copiesSchema>;

/** Accuracy of a teacher on the labels of some sets, with its 95 % interval. */
export const teacherAccuracySchema = z.strictObject({
  sets: z.array(z.enum(setNames)),
  examples: z.int().min(1),
  /** Number of decisions, of which the accuracy is a share; only in a multi-label task. */
  decisions: z.int().optional(),
  /** Whether the answers were calibrated afterwards. */
  beforeCalibration: z.boolean(),
  accuracy: z.strictObject({ value: z.number(), low: z.number(), high: z.number() }),
});

export type TeacherAccuracy = z.infer<typeof teacherAccuracySchema>;

/** Texts that an encoder reads only the start of. */
export const truncatedTextsSchema = z.strictObject({
  /** Name of the encoder: the path in the dataset, or `hf:owner/name@commit`. */
  encoder: z.string(),
  /** Maximum number of tokens per text. */
  maxLength: z.int().positive(),
  /** Number of texts that were cut. */
  texts: z.int().positive(),
  /** Number of texts whose embeddings state whether they were cut. */
  of: z.int().positive(),
});

/** Examples of one value in the regression of "right" on the margin: `debias/right-labels.ts`. */
const rightBlockSchema = z.strictObject({
  first: z.number(),
  last: z.number(),
  mean: z.number(),
  count: z.int().min(1),
});

/** `runs/<run>/reconcile.json`: the number of examples per set, and those that were left out. */
export const reconcileSchema = z.strictObject({
  sets: z.strictObject({
    labeled: countSchema,
    validation: countSchema,
    test: countSchema,
    unlabeled: countSchema,
  }),
  /** Labeled examples per shard, in the order of `shards.json`. */
  shards: z.array(z.int()),
  /** Whether there are enough labels to measure the teacher's errors, and the explanation. */
  validation: z.strictObject({ isEnough: z.boolean(), description: z.string() }),
  copies: copiesSchema,
  /** The teacher's accuracy on labels that it has not learned; undefined if there are none. */
  teacher: teacherAccuracySchema.extend({ warnings: z.array(z.string()) }).optional(),
  /**
   * The share of right labels by the teacher's margin, on the labels that judge it; undefined if
   * the teacher has learned all labels.
   */
  right: z.array(rightBlockSchema).min(1).optional(),
  /** First quarantined examples of each set; all of them are in `runs/<run>/quarantine/`. */
  quarantined: z.array(
    z.strictObject({
      set: z.enum(setNames),
      shard: z.string(),
      id: z.string(),
      reason: z.string(),
    }),
  ),
  /** Reasons for quarantine, the most frequent of each set first. */
  reasons: z
    .array(z.strictObject({ set: z.enum(setNames), reason: z.string(), examples: z.int() }))
    .default([]),
  /** Texts that were cut, by encoder; without encoders that read all texts whole. */
  truncated: z.array(truncatedTextsSchema).default([]),
});
export type Reconciliation = z.infer<typeof reconcileSchema>;
