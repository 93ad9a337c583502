/**
 * A whole run over a network and an S3 that fail again and again: it ends as an undisturbed one,
 * byte for byte, but for the keys that its tables state.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'counterweight';
import { describe, expect, test } from 'vitest';
import type { RunMetrics } from '../../src/evaluate/run-metrics.ts';
import { keys } from '../../src/run/keys.ts';
import { readManifest } from '../../src/run/objects-file.ts';
import { planSchema } from '../../src/run/plan-file.ts';
import { readBytes, readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { makeDataset } from '../support/datasets.ts';
import { put } from '../support/put.ts';
import { useLocalS3 } from '../support/s3/local-s3.ts';
import { tableContent } from '../support/table-content.ts';

const { missing, proxy, makeBucket } = await useLocalS3();

const network = '{ architecture: mlp, width: 8, depth: 1, epochs: 2, batchSize: 32 }';
/** Sections of the config that make a run of a few hundred requests. */
const sections = {
  teacher: `{ train: ${network} }`,
  student: network,
  warmup: '{ epochs: 1 }',
  compare: '[]',
};
const slowDown = { answer: 503, code: 'SlowDown' };

/** Index of the first of four faults: amid the stages, since the start of a run is not retried. */
const lastOfBurst = 160;

/**
 * Faults of consecutive requests. The SDK gives a request three attempts: a single fault
 * is its affair, and four in a row are the workflow's.
 */
function* faults(requests: number) {
  for (let i = 1; i <= requests; i++) {
    if (i % 23 === 0 || (i > lastOfBurst - 4 && i <= lastOfBurst)) yield slowDown;
    else if (i % 31 === 0) yield 'lost';
    else if (i % 37 === 0) yield { cutAfterBytes: 100 };
    else yield 'none';
  }
}

describe.skipIf(missing)('a run under throttling and dropped connections', () => {
  test('ends with the labels, weights and students of an undisturbed one', async () => {
    const { dataset, results } = makeDataset('csv', sections);
    const s3 = {
      dataset: `s3://${await makeBucket()}/wine`,
      results: `s3://${await makeBucket()}/of/all`,
    };
    for (const entry of readdirSync(dataset, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      await put(s3.dataset, path.slice(dataset.length + 1), readFileSync(path));
    }
    proxy.requests.length = 0;
    proxy.faults.push(...faults(3_000));
    const [disturbed, undisturbed] = await Promise.all([
      run({ ...s3, workers: 2 }),
      run({ dataset, results, workers: 1 }),
    ]);
    proxy.faults.length = 0;
    expect(proxy.requests.length).toBeGreaterThan(lastOfBurst);
    expect(await outcome(s3.results, disturbed.run)).toEqual(
      await outcome(results, undisturbed.run),
    );
    const { run: _, dataset: __, ...figures } = withoutShards(undisturbed.metrics);
    expect(withoutShards(disturbed.metrics)).toMatchObject(figures);
  });
});

/** Leaves out the ids of shards, which differ with the objects' versions. */
function withoutShards(metrics: RunMetrics): RunMetrics {
  const leaveOut = (key: string, value: unknown) => (key === 'shard' ? undefined : value);
  return JSON.parse(JSON.stringify(metrics, leaveOut));
}

/** Results of a run, in the order of its plan: keys differ with the objects' versions. */
async function outcome(location: string, run: string) {
  const results = await openStore(location);
  const { teacher, variants } = await readJson(results, keys.plan(run), planSchema);
  const shards = await readManifest(results, keys.shards(run));
  const table = async (key: string) => tableContent(await readBytes(results, key));
  const bytes = async (key: string) =>
    Buffer.from(await readBytes(results, key)).toString('base64');
  const unlabeled = shards.filter(({ set }) => set === 'unlabeled');
  return {
    labels: await Promise.all(shards.map(({ id }) => table(keys.labels(teacher.labels, id)))),
    weights: await Promise.all(unlabeled.map(({ id }) => table(keys.weights(run, id)))),
    students: await Promise.all(
      variants.map(({ name }) => bytes(`${keys.student(run, name)}weights.bin`)),
    ),
  };
}
