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

/** Latency of students and baselines. */
export type Latencies = Pick<MachineFile, 'latency' | 'latencyExamples'>;

/**
 * Measures students and baselines on examples of the evaluated set, one at a time. The input, with
 * the encoder, is the same for all. A student in use with other inputs is left out.
 */
export async function measureLatency(job: Job, models: readonly NamedModel[]): Promise<Latencies> {
  const [first] = models;
  const inputs = JSON.stringify(first!.model.description.features);
  const same = models.filter(({ model }) => JSON.stringify(model.description.features) === inputs);
  const folder = `${job.results.location}/${keys.student(job.run, first!.name)}`;
  const input = await openStudentInput(
    await openStore(folder.replace(/\/$/, '')),
    first!.model.description,
  );
  try {
    const { seconds, examples } = await timeModels(
      job,
      (example) => rowsOf(input, example),
      same.map(
        ({ model }) =>
          (rows: Rows) =>
            model.predict(rows),
      ),
    );
    const latency = same.flatMap(({ name }, index) =>
      examples > 0 ? [[name, seconds[index]!] as const] : [],
    );
    return { latency: Object.fromEntries(latency), latencyExamples: examples };
  } finally {
    input.dispose();
  }
}

/**
 * Measures models on examples of the evaluated set, one at a time.
 *
 * @param convert Converts an example to the input of the models; undefined if it cannot be used.
 * @returns the median time of each model with the conversion, and the examples that it is of. With
 *   0 examples, there are no times.
 */
export async function timeModels<Input>(
  job: Job,
  convert: (example: Example) => Promise<Input | undefined>,
  models: readonly ((input: Input) => unknown)[],
): Promise<{ readonly seconds: readonly number[]; readonly examples: number }> {
  const times = models.map((): number[] => []);
  let seen = 0;
  const startedAt = performance.now();
  for await (const example of firstExamples(job)) {
    const inputAt = performance.now();
    const input = await convert(example);
    if (input === undefined) continue;
    const inputMs = performance.now() - inputAt;
    for (const [index, run] of models.entries()) {
      const at = performance.now();
      await run(input);
      if (seen >= warmUps) times[index]!.push(inputMs + performance.now() - at);
    }
    seen++;
    if (seen > warmUps && performance.now() - startedAt > budgetMs) break;
  }
  const examples = times[0]!.length;
  return { seconds: examples > 0 ? times.map((own) => median(own) / 1000) : [], examples };
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
