import { z } from 'zod';

export const intervalSchema = z.strictObject({
  value: z.number(),
  low: z.number(),
  high: z.number(),
});
/** Figure with its 95 % interval. */
export type Interval = z.infer<typeof intervalSchema>;

export const metricNames = ['accuracy', 'logLoss', 'calibrationError'] as const;
export type MetricName = (typeof metricNames)[number];

const modelMetrics = z.strictObject({
  accuracy: intervalSchema.describe('Share of examples whose most likely class is the true one.'),
  logLoss: intervalSchema.describe('Mean of −ln of the probability of the true class.'),
  calibrationError: intervalSchema.describe(
    'Mean distance of confidence and accuracy over 15 bins of confidence.',
  ),
  recall: z
    .array(intervalSchema.nullable())
    .describe(
      'Share of correctly classified examples per class; null for a class without examples.',
    ),
});

/** Result of `createEvaluation`: the field `metrics` of `metrics.json`. */
export const metricsSchema = z.strictObject({
  examples: z.int().min(1),
  models: z.record(z.string(), modelMetrics),
  differences: z
    .array(
      z.strictObject({
        a: z.string(),
        b: z.string(),
        metric: z.enum(metricNames),
        ...intervalSchema.shape,
      }),
    )
    .describe('Metric of a minus metric of b, on the same examples.'),
});
/** Metrics of several models on the same examples. */
export type Metrics = z.infer<typeof metricsSchema>;
