import { z } from 'zod';

export const intervalSchema = z.strictObject({
  value: z.number(),
  low: z.number(),
  high: z.number(),
});
/** Figure with its 95 % interval. */
export type Interval = z.infer<typeof intervalSchema>;

export const metricNames = [
  'accuracy',
  'macroRecall',
  'macroF1',
  'logLoss',
  'calibrationError',
] as const;
/** Further metrics of a multi-label task. */
export const labelMetricNames = ['microF1', 'meanAveragePrecision', 'exactMatch'] as const;
export type MetricName = (typeof metricNames)[number] | (typeof labelMetricNames)[number];

const perLabel = z.array(z.number().nullable()).optional();

const modelMetrics = z.strictObject({
  accuracy: intervalSchema.describe(
    'Share of examples whose most likely class is the true one. Multi-label: share of right decisions, one per example and label.',
  ),
  macroRecall: intervalSchema.describe(
    'Mean of the recalls of the classes that have examples; each class counts alike.',
  ),
  macroF1: intervalSchema.describe(
    'Mean of the F1 scores of the classes that have examples. F1 is the harmonic mean of a class’s recall and precision.',
  ),
  logLoss: intervalSchema.describe('Mean of −ln of the probability of the true class.'),
  calibrationError: intervalSchema.describe(
    'Mean distance of confidence and accuracy over 15 bins of confidence.',
  ),
  recall: z
    .array(intervalSchema.nullable())
    .describe(
      'Share of correctly classified examples per class; null for a class without examples.',
    ),
  microF1: intervalSchema
    .optional()
    .describe('F1 score over all decisions: labels that are found, missed and wrongly predicted.'),
  exactMatch: intervalSchema.optional().describe('Share of examples with all decisions right.'),
  meanAveragePrecision: intervalSchema
    .optional()
    .describe('Mean of the average precisions of the labels that have examples.'),
  precision: z
    .array(intervalSchema.nullable())
    .optional()
    .describe('Share of right predictions per label; null for a label that is never predicted.'),
  predicted: z
    .array(z.int().nonnegative())
    .optional()
    .describe('Multi-label: examples for which each label is predicted.'),
  f1: perLabel.describe('F1 score per label; null for a label without examples.'),
  averagePrecision: perLabel.describe(
    'Average precision per label; null for a label without examples.',
  ),
});

/** Result of `createEvaluation`: the field `metrics` of `metrics.json`. */
export const metricsSchema = z.strictObject({
  examples: z.int().min(1),
  support: z.array(z.int().nonnegative()).describe('Examples per class.'),
  rankedExamples: z
    .int()
    .optional()
    .describe('Number of examples behind the average precision, if it is of a sample.'),
  models: z.record(z.string(), modelMetrics),
  differences: z
    .array(
      z.strictObject({
        a: z.string(),
        b: z.string(),
        metric: z.enum([...metricNames, ...labelMetricNames]),
        ...intervalSchema.shape,
      }),
    )
    .describe('Metric of a minus metric of b, on the same examples.'),
});
/** Metrics of several models on the same examples. */
export type Metrics = z.infer<typeof metricsSchema>;
