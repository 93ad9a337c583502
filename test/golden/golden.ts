/** Reads the files that `make-golden.py` writes. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const numbers = z.array(z.number());
const estimates = z.object({ distortions: numbers, weights: numbers });
const targets = z.object({
  teacherLosses: numbers,
  errorProbabilities: numbers,
  B: estimates,
  D: estimates,
});

const weightsSchema = z.object({
  classes: z.int(),
  neighbors: z.int(),
  labels: numbers,
  teacher: numbers,
  student: numbers,
  teacherMargins: numbers,
  studentMargins: numbers,
  teacherPredictions: numbers,
  wrong: numbers,
  trueLosses: numbers,
  queries: z.array(z.tuple([z.number(), z.number()])),
  cases: z.object({ hard: targets, soft: targets }),
});

const neighborsSchema = z.array(
  z.object({
    name: z.string(),
    points: z.array(z.tuple([z.number(), z.number()])),
    values: z.array(z.tuple([z.number(), z.number()])),
    queries: z.array(z.tuple([z.number(), z.number()])),
    /** By k. */
    means: z.record(z.string(), z.array(z.tuple([z.number(), z.number()]))),
  }),
);

const range = z.tuple([z.number(), z.number()]);
const bootstrap = z.object({ models: z.array(range), difference: range });
const ofMetrics = <Schema extends z.ZodType>(schema: Schema) =>
  z.object({
    accuracy: schema,
    macroRecall: schema,
    macroF1: schema,
    logLoss: schema,
    calibrationError: schema,
  });
const metricsSchema = z.object({
  classes: z.int(),
  labels: numbers,
  models: z.array(numbers),
  values: z.array(ofMetrics(z.number())),
  recall: z.array(numbers),
  bootstrap: ofMetrics(bootstrap),
});

const ofLabelMetrics = <Schema extends z.ZodType>(schema: Schema) =>
  ofMetrics(schema).extend({ microF1: schema, meanAveragePrecision: schema, exactMatch: schema });
const byLabel = z.array(z.array(z.number().nullable()));
const labelMetricsSchema = z.object({
  labels: z.int(),
  truth: numbers,
  models: z.array(numbers),
  values: z.array(ofLabelMetrics(z.number())),
  recall: byLabel,
  precision: byLabel,
  f1: byLabel,
  averagePrecision: byLabel,
  bootstrap: ofLabelMetrics(bootstrap),
});

const isotonicSchema = z.array(
  z.object({
    name: z.string(),
    x: numbers,
    y: numbers,
    bounds: z.tuple([z.number(), z.number()]),
    queries: numbers,
    values: numbers,
  }),
);

const calibrationCases = z.array(
  z.object({
    name: z.string(),
    classes: z.int(),
    probabilities: numbers,
    labels: numbers,
    /** Null: the scale alone is fitted. */
    penalty: z.number().nullable(),
    scale: z.number(),
    bias: numbers,
    calibrated: numbers,
  }),
);

const mixtureCases = z.array(
  z.object({
    name: z.string(),
    classes: z.int(),
    labels: numbers,
    models: z.array(numbers),
    weights: numbers,
    logLoss: z.number(),
  }),
);

const rows = z.array(numbers);
const lelpSchema = z.object({
  classes: z.int(),
  subclasses: z.int(),
  embeddings: rows,
  probabilities: rows,
  /** One per class: [subclasses, subclasses]. */
  rotations: z.array(rows),
  soft: rows,
  hard: rows,
});

const logisticSchema = z.array(
  z.object({
    name: z.string(),
    classes: z.int(),
    values: numbers,
    labels: numbers,
    queries: numbers,
    folds: numbers,
    /** By C: row-major probabilities of the queries, and the log-loss by cross-validation. */
    probabilities: z.record(z.string(), numbers),
    losses: z.record(z.string(), z.number()),
  }),
);

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), 'utf8'));
}

export const golden = {
  weights: () => weightsSchema.parse(read('weights')),
  neighbors: () => neighborsSchema.parse(read('neighbors')),
  isotonic: () => isotonicSchema.parse(read('isotonic')),
  calibration: () => calibrationCases.parse(read('calibration')),
  mixture: () => mixtureCases.parse(read('mixture')),
  lelp: () => lelpSchema.parse(read('lelp')),
  logistic: () => logisticSchema.parse(read('logistic')),
  metrics: () => metricsSchema.parse(read('metrics')),
  labelMetrics: () => labelMetricsSchema.parse(read('metrics-multi-label')),
};
