import { z } from 'zod';

/** A figure with its 95 % interval. */
const interval = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });
export type Interval = z.infer<typeof interval>;

export const metricNames = ['accuracy', 'logLoss', 'calibrationError'] as const;
export type MetricName = (typeof metricNames)[number];

const modelMetrics = z.strictObject({
  accuracy: interval.describe('Share of examples whose most likely class is the true one.'),
  logLoss: interval.describe('Mean of −ln of the probability given to the true class.'),
  calibrationError: interval.describe(
    'Mean distance of confidence and accuracy over 15 bins of confidence.',
  ),
  recall: z
    .array(interval.nullable())
    .describe('By class: share of its examples that are found; null for a class without examples.'),
});

/** What `createEvaluation` finds: the content of `metrics.json`. */
export const metricsSchema = z.strictObject({
  examples: z.int().min(1),
  models: z.record(z.string(), modelMetrics),
  differences: z
    .array(
      z.strictObject({
        a: z.string(),
        b: z.string(),
        metric: z.enum(metricNames),
        ...interval.shape,
      }),
    )
    .describe('Metric of a minus metric of b, on the same examples.'),
});
export type Metrics = z.infer<typeof metricsSchema>;
