import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { estimate } from '../../src/cost/estimate.ts';
import { trainingsOf } from '../../src/cost/plan-estimate.ts';
import type { Features } from '../../src/data/features/index.ts';
import { estimateSchema, type RunEstimate } from '../../src/run/estimate-file.ts';
import { type PaperRun, runWork } from './run-work.ts';

const image = (side: number) => ({
  kind: 'image' as const,
  channels: 3 as const,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  height: side,
  width: side,
});
const training = { architecture: 'convnet', width: 32, depth: 3, epochs: 10 };

const base: PaperRun = {
  unlabeled: 1e6,
  labeled: 10_000,
  test: 10_000,
  exampleBytes: 2_500,
  format: 'webdataset',
  features: image(32),
  classes: 10,
  teacherMb: 8,
  student: training,
  trainer: 'function',
  shardMiB: 64,
  variants: 2,
};
const estimateOf = (changes: Partial<PaperRun> = {}) => estimate(runWork({ ...base, ...changes }));

test('a student is paid for with those that relabel for it, and with those that choose its method', () => {
  const config = configSchema.parse({
    task: { type: 'tabular-classification', classes: ['a', 'b'], target: 'y' },
    data: { format: 'csv' },
    teacher: { train: { architecture: 'mlp' } },
    student: { architecture: 'mlp' },
  });
  expect(trainingsOf('weighted', config, 1e6)).toBe(1);
  expect(trainingsOf('relabel', config, 1e6)).toBe(16);
  // Five candidates in five folds, on 2,000 of the examples.
  expect(trainingsOf('auto', config, 20_000)).toBe(16 + 3);
  expect(trainingsOf('auto', config, 1_000)).toBe(16 + 25);

  const one = { ...runWork({ ...base, variants: 1 }), baselines: 0 };
  const seconds = (trainings: number[]) =>
    estimate({ ...one, trainings }).tasks.find(({ task }) => task === 'Train')!.seconds;
  expect(seconds([16])).toBeCloseTo(16 * seconds([1]), 6);
  expect(seconds([16, 1])).toBeCloseTo(17 * seconds([1]), 6);
});

/** Runs on examples of this kind, with a student that is for them. */
const runs = (features: fc.Arbitrary<Features>, ...architectures: string[]) =>
  fc.record<PaperRun>({
    unlabeled: fc.integer({ min: 1, max: 1e9 }),
    labeled: fc.integer({ min: 2, max: 1e5 }),
    test: fc.integer({ min: 0, max: 1e5 }),
    exampleBytes: fc.integer({ min: 10, max: 1e6 }),
    format: fc.constantFrom('webdataset', 'parquet'),
    features,
    classes: fc.integer({ min: 2, max: 1000 }),
    teacherMb: fc.integer({ min: 0, max: 1000 }),
    student: fc
      .record({
        architecture: fc.constantFrom(...architectures),
        width: fc.integer({ min: 1, max: 256 }),
        depth: fc.integer({ min: 1, max: 4 }),
        epochs: fc.integer({ min: 1, max: 100 }),
        batchSize: fc.integer({ min: 1, max: 1024 }),
      })
      .map((student) => ({ ...student })),
    trainer: fc.constantFrom('gpu', 'function'),
    shardMiB: fc.integer({ min: 1, max: 512 }),
    variants: fc.integer({ min: 1, max: 8 }),
  });
const images = fc.integer({ min: 8, max: 256 }).map(image);
const vectors = fc.record({
  kind: fc.constant('vector'),
  length: fc.integer({ min: 1, max: 1000 }),
});
const anyRun = fc.oneof(runs(images, 'mlp', 'convnet'), runs(vectors, 'mlp'));

/** Changes of a run that are more work. */
const more: Record<string, (run: PaperRun, factor: number) => Partial<PaperRun>> = {
  'unlabeled examples': ({ unlabeled }, factor) => ({ unlabeled: Math.ceil(unlabeled * factor) }),
  'labeled examples': ({ labeled }, factor) => ({ labeled: Math.ceil(labeled * factor) }),
  'test examples': ({ test: examples }, factor) => ({
    test: Math.ceil(Math.max(examples, 1) * factor),
  }),
  'bytes per example': ({ exampleBytes }, factor) => ({
    exampleBytes: Math.ceil(exampleBytes * factor),
  }),
  'a larger teacher': ({ teacherMb }, factor) => ({ teacherMb: teacherMb * factor }),
  epochs: ({ student }, factor) => ({
    student: { ...student, epochs: Math.ceil(Number(student.epochs) * factor) },
  }),
  students: ({ variants }, factor) => ({ variants: Math.ceil(variants * factor) }),
  'smaller shards': ({ shardMiB }, factor) => ({ shardMiB: shardMiB / factor }),
};

describe.each(Object.entries(more))('%s', (name, change) => {
  test('never make a run cheaper or faster', () => {
    fc.assert(
      fc.property(anyRun, fc.double({ min: 1, max: 4, noNaN: true }), (run, factor) => {
        // Without a test set the validation set is measured instead.
        fc.pre(name !== 'test examples' || run.test > 0);
        const [less, now] = [run, { ...run, ...change(run, factor) }].map((one) =>
          estimate(runWork(one)),
        );
        // Whole epochs of a training of about 1,000 steps: the student on the labels alone.
        const rounding = name === 'labeled examples' ? 0.05 : 1e-9;
        expect(now!.bill.totalUsd).toBeGreaterThanOrEqual(less!.bill.totalUsd * (1 - rounding));
        // More shards may be done sooner, side by side.
        if (!['a larger teacher', 'epochs', 'students'].includes(name)) return;
        expect(wall(now!)).toBeGreaterThanOrEqual(wall(less!) * (1 - 1e-9));
      }),
      { numRuns: 40 },
    );
  });
});

function wall({ tasks }: RunEstimate): number {
  return tasks.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0);
}

test('every estimate can be kept, and is the same for the same plan', () => {
  fc.assert(
    fc.property(anyRun, (run) => {
      const made = estimate(runWork(run));
      expect(estimateSchema.parse(JSON.parse(JSON.stringify(made)))).toEqual(made);
      expect(estimate(runWork(run))).toEqual(made);
    }),
    { numRuns: 40 },
  );
});

test('labels that are there already cost next to nothing', () => {
  const work = runWork(base);
  const shards = Object.values(work.sets).reduce((sum, set) => sum + set.shards, 0);
  const usd = (labeledShards: number) =>
    estimate({ ...work, labeledShards }).bill.lines.find(({ what }) => what === 'Label')!.usd;
  expect(usd(shards)).toBeLessThan(usd(0) / 10);
  expect(usd(shards / 2)).toBeCloseTo((usd(0) + usd(shards)) / 2, 6);
});

test('plain files are paid for by the request, in every epoch', () => {
  const work = runWork(base);
  const { unlabeled } = work.sets;
  const plain = estimate({
    ...work,
    config: { ...work.config, data: { ...work.config.data, format: 'images' } },
    sets: { ...work.sets, unlabeled: { ...unlabeled, pieces: unlabeled.examples } },
  });
  const requests = plain.bill.lines.find(({ what }) => what === 'S3 requests')!;
  // Labeled, weighed, and read by two students in ten epochs each.
  expect(requests.quantity / unlabeled.examples).toBeCloseTo(22, 0);
  expect(plain.bill.totalUsd).toBeGreaterThan(estimateOf().bill.totalUsd + requests.usd / 2);
});

test('a teacher of our own is one task more', () => {
  const names = (run: RunEstimate) => run.tasks.map(({ task }) => task);
  const work = runWork(base);
  const { student } = work.config;
  const trained = (train: unknown, members: number) =>
    estimate({
      ...work,
      config: { ...work.config, teacher: { train } as never },
      networks: { ...work.networks, members: new Array(members).fill(work.networks.student) },
    });
  const own = trained(student, 1);
  expect(names(own)).toEqual([
    ...['Plan', 'TrainTeacher', 'Calibrate', 'Label', 'Reconcile', 'WarmUp', 'Weigh', 'Train'],
    ...['Evaluate', 'Publish'],
  ]);
  expect(names(estimateOf())).toEqual(names(own).filter((name) => name !== 'TrainTeacher'));
  // Members of a mixture are trained one after the other.
  const both = trained([student, student], 2).tasks[1]!;
  expect(both.seconds).toBeCloseTo(2 * own.tasks[1]!.seconds, 6);
  expect(both.wallSeconds).toBeCloseTo(2 * own.tasks[1]!.wallSeconds, 6);
});

test('a stage without a model of its own is one short call', () => {
  expect(estimateOf().tasks.find(({ task }) => task === 'Publish')).toEqual({
    task: 'Publish',
    resource: 'lambda-512',
    calls: 1,
    seconds: expect.closeTo(5.6),
    wallSeconds: expect.closeTo(5.6),
    gets: 5,
    puts: 2,
  });
});

describe('warnings', () => {
  test('none for a run of ordinary size', () => {
    expect(estimateOf({ unlabeled: 1e5 }).warnings).toEqual([]);
  });

  test('shards that take too long, and how large they should be', () => {
    const heavy = { teacherMb: 100, format: 'parquet' as const };
    const { warnings } = estimateOf(heavy);
    expect(warnings[0]).toMatch(
      /^A shard would take about .* to label, .* set data.shardMiB to \d/,
    );
    const shardMiB = Number(/shardMiB to ([\d.]+)\./.exec(warnings[0]!)![1]);
    expect(shardMiB).toBeGreaterThan(1);
    expect(estimateOf({ ...heavy, shardMiB }).warnings.join()).not.toMatch('to label');
  });

  test('archives that take too long, since they are never cut', () => {
    const { warnings } = estimateOf({ teacherMb: 100 });
    expect(warnings[0]).toMatch(/15 min: pack archives of at most \d MiB\.$/);
  });

  test('training that functions would not end', () => {
    expect(estimateOf({ unlabeled: 1e8 }).warnings.join()).toMatch(/in functions.*trainer: gpu/);
    expect(estimateOf({ unlabeled: 1e8, trainer: 'gpu' }).warnings).toEqual([]);
  });

  test('training that a GPU would not end, and stages that one function cannot do', () => {
    const warnings = estimateOf({ unlabeled: 1e9, trainer: 'gpu' }).warnings.join('\n');
    expect(warnings).toMatch('Evaluate would take about');
    expect(warnings).toMatch('the workflow waits 14 days');
  });
});

test('the price of a large dataset is a note: its storage, and the list of its objects', () => {
  const { sets, ...work } = runWork(base);
  const unlabeled = { ...sets.unlabeled, bytes: 9.9e10, pieces: 2e6 };
  const rest = { shards: 1, pieces: 1e6 / 3, bytes: 1e9 / 3, examples: 10, counted: true };
  const { notes } = estimate({
    ...work,
    sets: { unlabeled, labeled: rest, validation: rest, test: rest },
  }).bill;
  expect(notes).toEqual([
    // 100 GB at $0.023, and 3,000 lists at $5 a million.
    'Not included: the data, 100 GB for $2.30 per month. Replaced files cost as much until S3 deletes them (deploy --keep-replaced-days).',
    'Included: $0.015 to list the data, once per run.',
  ]);
  expect(estimateOf({ unlabeled: 1_000, labeled: 100, test: 100 }).bill.notes).toEqual([]);
});
