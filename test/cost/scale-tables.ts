/** The tables of docs/scale.md, by the model. */
import { billOf } from '../../src/cost/bill.ts';
import { estimate } from '../../src/cost/estimate.ts';
import { mapCalls } from '../../src/cost/map-calls.ts';
import { instanceHours, type Price, prices } from '../../src/cost/prices.ts';
import { listingPage } from '../../src/cost/rates.ts';
import type { RunWork } from '../../src/cost/work.ts';
import { count, duration, rounded, usd } from '../../src/format.ts';
import type { TaskUse } from '../../src/run/bill-file.ts';
import type { RunEstimate } from '../../src/run/estimate-file.ts';
import { type PaperRun, runWork } from './run-work.ts';

type Dataset = Omit<PaperRun, 'unlabeled' | 'trainer'>;

const images: Dataset = {
  labeled: 10_000,
  test: 10_000,
  exampleBytes: 2_500,
  format: 'webdataset',
  features: { kind: 'image', height: 32, width: 32, channels: 3, mean: [0, 0, 0], std: [1, 1, 1] },
  classes: 10,
  teacherMb: 8,
  student: { architecture: 'convnet', width: 32, depth: 3, epochs: 10 },
  shardMiB: 64,
  variants: 2,
};

const rows: Dataset = {
  ...images,
  exampleBytes: 400,
  format: 'parquet',
  features: { kind: 'vector', length: 100 },
  teacherMb: 1,
  student: { architecture: 'mlp', width: 128, depth: 2, epochs: 10, batchSize: 1024 },
};

const sizes = [1e6, 1e8, 1e9];

export const tables = {
  images: () => scaleTable(images),
  rows: () => scaleTable(rows),
  breaks: breaksTable,
  shards: shardsTable,
  sweeps: sweepsTable,
  prices: pricesTable,
};

function scaleTable(run: Dataset): string {
  const columns = sizes.map((unlabeled) => {
    const of = (trainer: 'gpu' | 'function') => {
      const work = runWork({ ...run, unlabeled, trainer });
      return { work, result: estimate(work) };
    };
    const [inFunctions, onGpu] = [of('function'), of('gpu')];
    // The cheaper of those that would end.
    const fits = inFunctions.result.warnings.every((text) => !text.includes('functions'));
    const cheaper = inFunctions.result.bill.totalUsd < onGpu.result.bill.totalUsd;
    return fits && cheaper ? inFunctions : onGpu;
  });
  const cells = (name: string, cell: (column: (typeof columns)[number]) => string) => [
    name,
    ...columns.map(cell),
  ];
  return markdown([
    ['unlabeled examples', ...sizes.map((n) => `10${superscript(Math.log10(n))}`)],
    cells('data', ({ work }) => bytesText(work.sets.unlabeled.bytes)),
    cells('shards of 64 MiB', ({ work }) => count(work.sets.unlabeled.shards)),
    cells('Label', ({ result }) => duration(task(result, 'Label').wallSeconds)),
    cells('Weigh', ({ result }) => duration(task(result, 'Weigh').wallSeconds)),
    cells('students trained in', ({ work }) =>
      work.config.trainer === 'gpu' ? 'a GPU job each' : 'functions',
    ),
    cells('Train', ({ result }) => duration(task(result, 'Train').wallSeconds)),
    cells('Evaluate', ({ result }) => duration(task(result, 'Evaluate').wallSeconds)),
    cells('duration', ({ result }) =>
      duration(result.tasks.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0)),
    ),
    cells('labeling', ({ result }) => dollars(result, ['Label'])),
    cells('weighing', ({ result }) => dollars(result, ['Weigh'])),
    cells('training', ({ result }) => dollars(result, ['Warm up', 'Train'])),
    cells('state transitions', ({ result }) => dollars(result, ['State transitions'])),
    cells('results kept for a month', ({ result }) => dollars(result, ['S3 storage'])),
    cells('total', ({ result }) => `**${usd(result.bill.totalUsd)}**`),
    cells('limits exceeded', ({ result }) => broken(result)),
  ]);
}

/** Number of unlabeled examples at which the model reaches each limit. */
function breaksTable(): string {
  const limits: [string, (work: RunWork, result: RunEstimate) => boolean][] = [
    ['Train in functions: called 101 times', (_, { warnings }) => has(warnings, 'in functions')],
    ['Evaluate: 15 min', (_, { warnings }) => has(warnings, 'Evaluate')],
    ['Train on a GPU: 14 days', (_, { warnings }) => has(warnings, '14 days')],
    ['Plan: 50,000 shards', (work) => work.sets.unlabeled.shards > 50_000],
    ['Reconcile: 15 min', (_, { warnings }) => has(warnings, 'Reconcile')],
  ];
  return markdown([
    ['limit', 'images', 'rows'],
    ...limits.map(([name, breaks]) => [
      name,
      ...[images, rows].map((run) => {
        const trainer = name.includes('functions') ? 'function' : 'gpu';
        return power(
          largest((unlabeled) => {
            const work = runWork({ ...run, unlabeled, trainer });
            return !breaks(work, estimate(work));
          }),
        );
      }),
    ]),
  ]);
}

const has = (warnings: readonly string[], text: string) =>
  warnings.some((warning) => warning.includes(text));

/** The largest number of examples that holds, to a hundredth. */
function largest(holds: (examples: number) => boolean): number {
  let [low, high] = [1e3, 1e13];
  while (high / low > 1.01) {
    const middle = Math.round(Math.sqrt(low * high));
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** 1340000000 is 1.3 × 10⁹ */
function power(value: number): string {
  const exponent = Math.floor(Math.log10(value));
  return `${(value / 10 ** exponent).toFixed(1)} × 10${superscript(exponent)}`;
}

function task({ tasks }: RunEstimate, name: string) {
  return tasks.find((one) => one.task === name)!;
}

function dollars({ bill }: RunEstimate, stages: string[]): string {
  const lines = bill.lines.filter(({ what }) => stages.includes(what));
  return usd(lines.reduce((sum, line) => sum + line.usd, 0));
}

function broken({ warnings }: RunEstimate): string {
  const names = warnings.map((text) =>
    text.startsWith('A student')
      ? 'Train'
      : text.startsWith('A shard')
        ? 'shards'
        : text.split(' ')[0],
  );
  return names.length > 0 ? names.join(', ') : 'nothing';
}

function bytesText(bytes: number): string {
  return bytes >= 1e12 ? `${rounded(bytes / 1e12)} TB` : `${rounded(bytes / 1e9)} GB`;
}

function superscript(exponent: number): string {
  return String(exponent).replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]!);
}

/** Row of the table below: labeling a million examples, cut into shards of `perShard`. */
export function labelingOf(perShard: number) {
  const examples = 1e6;
  const shards = Math.ceil(examples / perShard);
  const map = {
    shards,
    examples,
    secondsPerExample: 0.002,
    overheadSeconds: 0.3,
    concurrency: 200,
    initSeconds: 3,
    retriedShare: 0,
  };
  const memoryMiB = 3 * 1024;
  const bill = (changes: Partial<typeof map>, gets: number, puts: number) => {
    const use: TaskUse = {
      task: 'Label',
      resource: `lambda-${memoryMiB}`,
      gets,
      puts,
      ...mapCalls({ ...map, ...changes }),
    };
    const counts = { shards, unlabeledShards: 0, variants: 0, storedBytes: 0 };
    return (what: string) =>
      billOf([use], counts).lines.find((line) => line.what === what)?.usd ?? 0;
  };
  const compute = bill({ overheadSeconds: 0, initSeconds: 0 }, 0, 0)('Label');
  const starts = bill({ overheadSeconds: 0 }, 0, 0)('Label') - compute;
  const all = bill({}, shards, 2 * shards);
  const perShardUsd = all('Label') - compute - starts + all('Function calls') + all('S3 requests');
  const standard = 2 * shards * prices.transition.usd;
  const secondsPerShard = map.overheadSeconds + (examples / shards) * map.secondsPerExample;
  const express =
    shards * (prices.expressStart.usd + (secondsPerShard * prices.expressGbSecond.usd) / 16);
  const rest = compute + starts + perShardUsd;
  return {
    shards,
    compute,
    perShard: perShardUsd,
    standard,
    totalStandard: rest + standard,
    totalExpress: rest + express,
    /** By the workflow's own count, which has the few states around the map as well. */
    transitions: all('State transitions'),
  };
}

function shardsTable(): string {
  return markdown([
    [
      'examples per shard',
      'shards',
      'compute',
      'per shard',
      'Standard',
      'with Standard',
      'with Express',
    ],
    ...[1, 100, 1_000, 10_000, 30_000].map((perShard) => {
      const row = labelingOf(perShard);
      return [
        count(perShard),
        count(row.shards),
        ...[row.compute, row.perShard, row.standard].map(usd),
        ...[row.totalStandard, row.totalExpress].map(usd),
      ];
    }),
  ]);
}

const sweepMinutes = 30;
const sweepsPerMonth = (730 * 60) / sweepMinutes;

/** Requests that look for the markers of a dataset: lists of folders, and one HEAD per batch. */
function markerUsd(batches: number, folders: number): number {
  const lists = folders + Math.max(1, batches / listingPage);
  return lists * prices.s3Put.usd + batches * prices.s3Get.usd;
}

function sweepsTable(): string {
  return markdown([
    ['batches', 'start of a run', 'sweep', 'sweeps of a month'],
    ...[10, 1_000, 10_000, 100_000].map((batches) => {
      // The folders of the bucket and of the dataset, and once more "unlabeled/_SUCCESS".
      const sweep = markerUsd(batches, 2);
      const start = markerUsd(batches, 0) + prices.s3Get.usd;
      return [count(batches), ...[start, sweep, sweep * sweepsPerMonth].map(usd)];
    }),
  ]);
}

function pricesTable(): string {
  const all: Price[] = [...Object.values(prices), ...Object.values(instanceHours)];
  return markdown([
    ['price, $', 'for a', 'source', 'read on'],
    ...all.map(({ usd: price, per, source, readOn }: Price) => [
      price < 0.001 ? `${Number((price * 1e6).toPrecision(6))} a million` : String(price),
      per,
      source,
      readOn ?? 'recalled',
    ]),
  ]);
}

/** A table as the formatter of the documents leaves it. */
function markdown([head = [], ...body]: readonly (readonly string[])[]): string {
  const all = [head, ...body];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
