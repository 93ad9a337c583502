import { configSchema } from '../../src/config/schema.ts';
import type { Preview } from '../../src/data/features/preview.ts';
import type { Gallery } from '../../src/evaluate/gallery.ts';
import { type RunMetrics, runMetricsSchema } from '../../src/evaluate/run-metrics.ts';
import type { Interval } from '../../src/evaluate/schema.ts';
import type { MachineFile } from '../../src/run/machine-file.ts';

/** An interval of ± `margin` around a value. */
function around(value: number, margin: number): Interval {
  return { value, low: value - margin, high: value + margin };
}

function model(accuracy: number, logLoss: number, calibrationError: number, classes: number) {
  return {
    accuracy: around(accuracy, 0.009),
    macroRecall: around(accuracy - 0.005, 0.01),
    macroF1: around(accuracy - 0.007, 0.01),
    logLoss: around(logLoss, 0.02),
    calibrationError: around(calibrationError, 0.005),
    recall: Array.from({ length: classes }, (_, i) => around(accuracy - 0.1 + 0.02 * i, 0.03)),
  };
}

/** Counts of the seven classes of `sampleMetrics`: most cats are taken for dogs. */
function confused(cats: number, airplanes: number, right: number) {
  const counts = Array.from({ length: 7 }, (_, truth) =>
    Array.from({ length: 7 }, (_, predicted) => (truth === predicted ? right : 0)),
  );
  counts[2]![4] = cats;
  counts[0]![1] = airplanes;
  const largest = [
    { truth: 2, predicted: 4, examples: cats },
    { truth: 0, predicted: 1, examples: airplanes },
  ];
  return { counts, largest: largest.filter(({ examples }) => examples > 0) };
}

/** Confusions of the weighted student of `sampleMetrics` and of its teacher. */
export const sampleConfusion = {
  weighted: confused(240, 2, 1100),
  teacher: confused(310, 0, 1050),
};

/** Creates metrics of a run of a multi-label task: micro F1 is 0.1 below the accuracy. */
export function sampleLabelMetrics(changes: Partial<RunMetrics> = {}): RunMetrics {
  const { metrics, ...run } = sampleMetrics({ leastWeighed: [] });
  const models = Object.entries(metrics.models).map(([name, { accuracy, ...figures }]) => {
    const shares = [...run.classes.slice(1).map((_, i) => 0.4 + 0.05 * i), null];
    const own = {
      microF1: around(accuracy.value - 0.1, 0.02),
      exactMatch: around(accuracy.value - 0.3, 0.02),
      meanAveragePrecision: around(accuracy.value - 0.05, 0.02),
      predicted: run.classes.map(() => 1450),
      precision: shares.map((share) => (share === null ? null : around(share, 0.05))),
      f1: shares,
      averagePrecision: shares,
    };
    return [name, { accuracy, ...figures, ...own }];
  });
  const differences = metrics.differences.map((difference) => ({
    ...difference,
    metric: difference.metric === 'accuracy' ? 'microF1' : difference.metric,
  }));
  const labeled = { ...metrics, models: Object.fromEntries(models), differences };
  return runMetricsSchema.parse({ ...run, metrics: labeled, ...changes });
}

/** Creates metrics of a run with a weighted and a uniform student, with invented figures. */
export function sampleMetrics(changes: Partial<RunMetrics> = {}): RunMetrics {
  const classes = changes.classes ?? ['airplane', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse'];
  const history = (best: number, weighted: boolean) =>
    Array.from({ length: 30 }, (_, epoch) => ({
      epoch,
      loss: 0.35 + 1.6 * Math.exp(-epoch / 7) - (weighted ? 0.08 : 0),
      ...(weighted && { meanWeight: 0.93 - 0.16 * (1 - Math.exp(-epoch / 6)) }),
      agreement: best - 0.35 * Math.exp(-epoch / 5) + 0.004 * Math.sin(epoch * 2.1),
    }));
  return runMetricsSchema.parse({
    run: 'cifar-2f7a91c04be3',
    dataset: 'cifar',
    classes,
    evaluatedOn: 'test',
    metrics: {
      examples: 10_000,
      support: classes.map((_, i) => 1400 + i),
      models: {
        teacher: model(0.793, 0.71, 0.081, classes.length),
        logistic: model(0.402, 1.71, 0.031, classes.length),
        'labels-only': model(0.741, 0.83, 0.095, classes.length),
        uniform: model(0.801, 0.655, 0.062, classes.length),
        weighted: model(0.8143, 0.604, 0.034, classes.length),
      },
      differences: [
        {
          a: 'weighted',
          b: 'uniform',
          metric: 'accuracy',
          value: 0.0133,
          low: 0.0061,
          high: 0.0205,
        },
        {
          ...{ a: 'weighted', b: 'labels-only', metric: 'accuracy' },
          ...{ value: 0.0733, low: 0.064, high: 0.0826 },
        },
        {
          ...{ a: 'weighted', b: 'logistic', metric: 'accuracy' },
          ...{ value: 0.4123, low: 0.401, high: 0.4236 },
        },
        {
          a: 'weighted',
          b: 'uniform',
          metric: 'logLoss',
          value: -0.051,
          low: -0.069,
          high: -0.033,
        },
      ],
    },
    students: [
      { variant: 'weighted', history: history(0.813, true), parameters: 93_322, bytes: 384_512 },
      { variant: 'uniform', history: history(0.799, false), parameters: 93_322, bytes: 384_512 },
    ],
    baselines: [
      {
        name: 'logistic',
        description: 'Logistic regression, trained on 3,000 labels alone, with C = 0.0032.',
        parameters: 21_514,
        bytes: 86_056,
      },
      {
        name: 'labels-only',
        description: "The student's architecture, trained on 3,000 labels alone for 30 epochs.",
        parameters: 93_322,
        bytes: 384_512,
      },
    ],
    teacherCurve: Array.from({ length: 10 }, (_, i) => ({
      low: (i / 10) ** 1.3,
      high: ((i + 1) / 10) ** 1.3,
      count: 100,
      errorRate: {
        value: 0.62 * Math.exp(-i / 3),
        low: Math.max(0.62 * Math.exp(-i / 3) - 0.07, 0),
        high: 0.62 * Math.exp(-i / 3) + 0.08,
      },
    })),
    weights: Array.from({ length: 20 }, (_, i) => ({
      low: i / 20,
      high: (i + 1) / 20,
      count: Math.round(40 + 900 * (i / 19) ** 4 + 120 * Math.exp(-((i - 8) ** 2) / 8)),
    })),
    meanWeight: 0.781,
    weightPlane: [0, 0.2, 0.9].map((student, i) => ({
      ...{ teacher: 0.1 * i, student, decisions: 100 },
      ...{ weight: 0.4 + 0.2 * i, errorProbability: 0.5 - 0.2 * i },
    })),
    leastWeighed: [
      { id: 'monday/a.tar/000213', weight: 0.031, errorProbability: 0.71, teacherMargin: 0.02 },
    ],
    labels: { labeled: 2000, validation: 1000, test: 10_000, unlabeled: 37_000 },
    deviations: {
      byMargin: Array.from({ length: 10 }, (_, i) => ({
        ...{ low: i / 10, high: (i + 1) / 10, examples: 1000 },
        right: { teacher: 400 + 60 * i, uniform: 420 + 58 * i, weighted: 470 + 53 * i },
      })),
      exaggeration: {
        weighted: { all: 1.1, teacherWrong: 0.6 },
        uniform: { all: 1.4, teacherWrong: null },
      },
    },
    labelNext: [{ id: 'monday/a.tar/000017', prediction: 'cat', margin: 0.004 }],
    quarantined: 3,
    quarantineExamples: [
      {
        id: 'monday/0001.jpg',
        reason: 'The image cannot be decoded: premature end of JPEG image.',
      },
      { id: 'monday/0007.jpg', reason: 'The file has 71303168 bytes; at most 64 MiB are read.' },
    ],
    quarantineReasons: [
      {
        reason: 'The image cannot be decoded: premature end of JPEG image.',
        examples: 2,
      },
      { reason: 'The file has 71303168 bytes; at most 64 MiB are read.', examples: 1 },
    ],
    warnings: [],
    ...changes,
  });
}

/** The machine that evaluated `sampleMetrics`, with times. */
export const sampleMachine: MachineFile = {
  ...{ processor: 'A processor', cores: 2, memoryBytes: 8 * 2 ** 30, system: 'Linux x64' },
  versions: { Node: '20.0.0', counterweight: '0.1.0' },
  latency: { weighted: 0.00123, uniform: 0.0012, logistic: 0.0004 },
  latencyExamples: 10,
  stages: [
    { title: 'Plan', calls: 1, seconds: 1.25 },
    { title: 'Label', calls: 1200, seconds: 3725 },
  ],
};

/** A config whose fields are mostly defaults. */
export const sampleConfig = configSchema.parse({
  task: { type: 'tabular-classification', classes: ['a', 'b'] },
  data: { format: 'csv' },
  teacher: { train: { architecture: 'mlp' } },
  student: { architecture: 'mlp' },
});

/** Creates mistakes of the weighted student of `sampleMetrics`: cats that it takes for dogs. */
export function sampleGallery(mistakes: number): Gallery {
  return {
    mistakes: Array.from({ length: mistakes }, (_, i) => ({
      ...{ shard: 's', id: `${i + 1}.png`, truth: 'cat' },
      teacher: { class: 'cat', probability: 0.62 },
      student: { class: 'dog', probability: 0.91 },
    })),
    disagreements: [],
  };
}

/** A picture of one white pixel. */
export const samplePicture = {
  ...{ kind: 'picture', type: 'image/png', width: 28, height: 28 },
  bytes: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTIwoQAAAABJRU5ErkJggg==',
    'base64',
  ),
} as const satisfies Preview;
