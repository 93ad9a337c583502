/**
 * `npm run endurance -- --minutes 60 [runs] [labels]`: whole runs, and then labeling, one after
 * another in this process, for a time each. Writes the memory after each to `endurance.json` and
 * `endurance.svg`, and states whether it is level. Each run is a new one of the same dataset.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { UsageError } from '../../src/cli/arguments.ts';
import { reportFailure } from '../../src/cli/failure.ts';
import { interpret } from '../../src/engines/interpreter.ts';
import { prepareWorkflow, readWorkflow } from '../../src/engines/workflow.ts';
import type { JobEvent } from '../../src/run/events.ts';
import { readManifest } from '../../src/run/objects-file.ts';
import { stages } from '../../src/stages/index.ts';
import { startRun } from '../../src/stages/start.ts';
import { openStore } from '../../src/store/open.ts';
import { tf } from '../../src/tensorflow.ts';
import { copyDataset } from '../support/workflow-dataset.ts';
import { isLevel, minSamples, type Sample, slopes } from './level.ts';
import { plotSamples } from './plot.ts';

const parts = { runs: undefined, labels: 'labels' } as const;
type Part = keyof typeof parts;
const partNames = Object.keys(parts) as Part[];
const usage = `npm run endurance -- [--minutes 60] [--out endurance] [${partNames.join('] [')}]`;

async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: 'string', default: '60' },
      out: { type: 'string', default: 'endurance' },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new UsageError('Expected a number of minutes.');
  const unknown = positionals.find((name) => !(name in parts));
  if (unknown !== undefined) throw new UsageError(`There is no part "${unknown}".`);
  const chosen = partNames.filter((name) => positionals.length === 0 || positionals.includes(name));
  const found: Partial<Record<Part, Sample[]>> = {};
  for (const part of chosen) found[part] = await endure(part, minutes);
  await writeFile(`${values.out}.json`, `${JSON.stringify(found, undefined, 1)}\n`);
  await writeFile(`${values.out}.svg`, plotSamples(found));
  let all = true;
  for (const [part, samples] of Object.entries(found)) {
    const level = isLevel(samples);
    all &&= level;
    const verdict =
      samples.length < minSamples ? 'too few to judge' : level ? 'level' : 'NOT level';
    console.log(`${part}: ${samples.length} in ${minutes} minutes, ${verdict}`);
    console.log(`  ${slopes(samples).map(describeSlope).join(', ')}`);
  }
  return all;
}

function describeSlope({ name, perRun, growth }: ReturnType<typeof slopes>[number]): string {
  return `${name} ${perRun.toFixed(3)} per run (${(100 * growth).toFixed(1)} %)`;
}

/** Repeats a part for a time. */
async function endure(part: Part, minutes: number): Promise<Sample[]> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'counterweight-endurance-'));
  try {
    const dataset = copyDataset(scratch, 'csv');
    const samples: Sample[] = [];
    const startedAt = performance.now();
    for (let done = 0; performance.now() - startedAt < minutes * 60_000; done++) {
      const results = path.join(scratch, `results-${done}`);
      const started = await startRun(dataset, results);
      await runHere({ ...started, execution: started.run, until: parts[part] });
      await rm(results, { recursive: true, force: true });
      samples.push(await measure(startedAt));
    }
    return samples;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Runs the workflow with all stages in this process. */
async function runHere({ until, ...job }: JobEvent): Promise<void> {
  const machine = readWorkflow();
  let last: Promise<unknown> = Promise.resolve();
  const context = { signal: new AbortController().signal, report: () => {} };
  const handlers = prepareWorkflow(
    machine,
    (task, event) => {
      // As in a worker or a function: one call at a time.
      const called = last.then(async () => {
        const stage = await stages[task].load();
        return z.json().parse((await stage(event, context)) ?? null);
      });
      last = called.catch(() => {});
      return called;
    },
    async (bucket, key) => readManifest(await openStore(bucket, 'time'), key),
  );
  await interpret(machine, { ...job, ...(until && { until }) }, handlers).result;
}

/** Measures after a collection, if node has --expose-gc: what is left is in use. */
async function measure(startedAt: number): Promise<Sample> {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    seconds: Math.round((performance.now() - startedAt) / 1000),
    rssMiB: rss / 2 ** 20,
    heapMiB: heapUsed / 2 ** 20,
    externalMiB: external / 2 ** 20,
    tensors: tf.memory().numTensors,
  };
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.exitCode = reportFailure(error, process.stderr, usage);
}
