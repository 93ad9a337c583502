import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Example } from '../../src/data/example.ts';
import { isRejected } from '../../src/data/example.ts';
import { readExamples } from '../../src/data/read.ts';
import { createLabelsWriter } from '../../src/data/tables/labels-file.ts';
import { oneClass } from '../../src/debias/decisions.ts';
import type { Context, Progress } from '../../src/run/context.ts';
import type { JobEvent, ShardItem } from '../../src/run/events.ts';
import { type Job, openJob, shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { readShard } from '../../src/run/objects-file.ts';
import { planRun } from '../../src/stages/plan.ts';
import { startRun } from '../../src/stages/start.ts';
import { type Format, makeDataset } from './datasets.ts';

/** A teacher's answer for an example: a class and its probability, or why it has none. */
export type Answer = { readonly prediction: number; readonly probability: number } | string;

/** A run on a small dataset after Plan, whose other inputs a test writes by hand. */
export interface PlannedRun {
  readonly event: JobEvent;
  readonly job: Job;
  /** Messages and figures that stages reported with `context`. */
  readonly reports: Progress[];
  readonly context: Context;
  /** Writes the labels of every shard. */
  label(answer: (example: Example, item: ShardItem) => Answer): Promise<void>;
}

/** Files of a folder, by their path in it. */
type Files = ReadonlyMap<string, Buffer>;

/** Files and reports of Plan, by dataset and config. Equal inputs have equal results. */
const plans = new Map<string, { readonly files: Files; readonly reports: readonly Progress[] }>();

/**
 * Plans a run on a small dataset.
 *
 * @param change Changes the files of the dataset before.
 */
export async function plannedRun(
  sections: Record<string, string> = {},
  format: Format = 'csv',
  change?: (dataset: string) => void,
): Promise<PlannedRun> {
  const { dataset, results } = makeDataset(format, sections);
  change?.(dataset);
  const key = JSON.stringify([format, sections]);
  const known = change ? undefined : plans.get(key);
  if (known) writeFiles(results, known.files);
  const started = await startRun(dataset, results);
  const event = { ...started, execution: started.run };
  const reports: Progress[] = [...(known?.reports ?? [])];
  const report = (progress: Progress) => reports.push(progress);
  const context = { signal: new AbortController().signal, report };
  if (!known) await planRun(event, context);
  if (!known && !change) plans.set(key, { files: readFiles(results), reports: [...reports] });
  const job = await openJob(event);
  return {
    event,
    job,
    reports,
    context,
    async label(answer) {
      for (const item of await shardItems(job)) {
        const key = keys.labels(job.plan.teacher.labels, item.id);
        await job.results.write(key, await labelsOf(job, key, item, answer));
      }
    },
  };
}

function readFiles(folder: string): Files {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => statSync(join(folder, path)).isFile());
  return new Map(files.map((path) => [path, readFileSync(join(folder, path))]));
}

function writeFiles(folder: string, files: Files): void {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}

async function labelsOf(
  job: Job,
  key: string,
  item: ShardItem,
  answer: (example: Example, item: ShardItem) => Answer,
): Promise<Uint8Array> {
  const classes = job.plan.classes.length;
  const writer = createLabelsWriter(key, oneClass(classes));
  const quarantined = [];
  const shard = await readShard(job, item);
  for await (const example of readExamples(job.data, shard, job.plan.config)) {
    if (isRejected(example)) {
      quarantined.push(example);
      continue;
    }
    const answered = answer(example, item);
    if (typeof answered === 'string') {
      quarantined.push({ id: example.id, reason: answered });
      continue;
    }
    const { prediction, probability } = answered;
    const others = (1 - probability) / (classes - 1);
    const probabilities = new Float32Array(classes).fill(others);
    probabilities[prediction] = probability;
    writer.append({ ids: [example.id], probabilities });
  }
  return writer.finish(quarantined);
}
