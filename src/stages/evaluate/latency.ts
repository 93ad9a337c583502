/** Time that models need for one example. */
import { type Example, isRejected } from '../../data/example.ts';
import type { Rows } from '../../data/features/kind.ts';
import { readExamples } from '../../data/read.ts';
import { openStudentInput, type StudentInput } from '../../models/student-input.ts';
import { type Job, shardItems } from '../../run/job.ts';
import { keys } from '../../run/keys.ts';
import type { MachineFile } from '../../run/machine-file.ts';
import { readShard } from '../../run/objects-file.ts';
import { openStore } from '../../store/open.ts';
import type { NamedModel } from './models.ts';

/** The first examples only warm up code and caches. */
const warmUps = 3;
const measured = 10;
/** Slow encoders are measured on fewer examples. */
const budgetMs = 3_000;

/**
 * Measures students and baselines on examples of the evaluated set, one at a time. The input, with
 * the encoder, is the same for all. A student in use with other inputs is left out.
 */
export async function measureLatency(
  job: Job,
  models: readonly NamedModel[],
): Promise<Pick<MachineFile, 'latency' | 'latencyExamples'>> {
  const [first] = models;
  const inputs = JSON.stringify(first!.model.description.features);
  const same = models.filter(({ model }) => JSON.stringify(model.description.features) === inputs);
  const folder = `${job.results.location}/${keys.student(job.run, first!.name)}`;
  const input = await openStudentInput(
    await openStore(folder.replace(/\/$/, '')),
    first!.model.description,
  );
  const times = same.map((): number[] => []);
  let seen = 0;
  const startedAt = performance.now();
  try {
    for await (const example of firstExamples(job)) {
      const inputAt = performance.now();
      const rows = await rowsOf(input, example);
      if (!rows) continue;
      const inputMs = performance.now() - inputAt;
      for (const [index, { model }] of same.entries()) {
        const at = performance.now();
        model.predict(rows);
        if (seen >= warmUps) times[index]!.push(inputMs + performance.now() - at);
      }
      seen++;
      if (seen > warmUps && performance.now() - startedAt > budgetMs) break;
    }
  } finally {
    input.dispose();
  }
  const examples = times[0]!.length;
  const latency = same.flatMap(({ name }, index) =>
    examples > 0 ? [[name, median(times[index]!) / 1000] as const] : [],
  );
  return { latency: Object.fromEntries(latency), latencyExamples: examples };
}

/** Yields the first examples of the evaluated set. */
async function* firstExamples(job: Job): AsyncGenerator<Example> {
  const [item] = await shardItems(job, job.plan.evaluatedOn);
  if (!item) return;
  let count = 0;
  for await (const example of readExamples(job.data, await readShard(job, item), job.plan.config)) {
    if (isRejected(example)) continue;
    yield example;
    if (++count === warmUps + measured) return;
  }
}

/** Converts one example; returns undefined if it cannot be used. */
async function rowsOf(input: StudentInput, example: Example): Promise<Rows | undefined> {
  const one = (async function* () {
    yield example;
  })();
  for await (const { rows } of input.batches(one, () => {})) return rows;
  return undefined;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (
    (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2
  );
}
