/** Tables of the results that another run or shard wrote, in the place of those of a run. */
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renderVerification } from '../../src/cli/verify.ts';
import { readLabels } from '../../src/data/tables/labels-file.ts';
import { readWeights } from '../../src/data/tables/weights-file.ts';
import { teacherLabels } from '../../src/distill/sets.ts';
import { verifyRun } from '../../src/distill/verify/verify-run.ts';
import { type Job, shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { labelShard } from '../../src/stages/label.ts';
import { trainVariant } from '../../src/stages/train.ts';
import { weighShard } from '../../src/stages/weigh.ts';
import { makeDataset } from '../support/datasets.ts';
import { collect } from '../support/examples.ts';
import { refusalOf } from '../support/refusal.ts';
import { context, weighed } from '../support/staged-run.ts';

const network = '{ architecture: mlp, width: 8, depth: 1, epochs: 1, batchSize: 32 }';
const sections = {
  ...{ teacher: `{ train: ${network} }`, student: network, method: 'weighted' },
  ...{ compare: '[]', folds: '2', warmup: '{ epochs: 1 }' },
};

/** Two runs in one results folder, whose seeds differ: all shards have the same ids. */
async function twoRuns() {
  const made = makeDataset('csv', { ...sections, seed: '1' });
  const first = await weighed(made);
  const { dataset } = makeDataset('csv', { ...sections, seed: '2' });
  const second = await weighed({ dataset, results: made.results });
  const shard = (await shardItems(first.job, 'unlabeled'))[0]!;
  return { ...first, other: second.job, path: (key: string) => join(made.results, key), shard };
}

/** Kinds of tables: the key, the ids, and the stages that read and write the file. */
const tables = {
  labels: {
    keyOf: (job: Job, shard: string) => teacherLabels(job)(shard),
    ids: ({ results }: Job, key: string) => collect(readLabels(results, key)),
    read: weighShard,
    write: labelShard,
  },
  weights: {
    keyOf: ({ run }: Job, shard: string) => keys.weights(run, shard),
    ids: ({ results }: Job, key: string) => collect(readWeights(results, key)),
    read: (event: Parameters<typeof weighShard>[0]) =>
      trainVariant({ ...event, variant: 'weighted' }, context),
    write: weighShard,
  },
};

test.each(Object.entries(tables))(
  '%s of another run with the same ids are refused, and mended as verify states',
  async (_, { keyOf, ids, read, write }) => {
    const { event, job, other, path, shard } = await twoRuns();
    const [key, from] = [keyOf(job, shard.id), keyOf(other, shard.id)];
    const idsOf = async (one: string) => (await ids(job, one)).map(({ id }) => id);
    expect(from).not.toBe(key);
    expect(await idsOf(from)).toEqual(await idsOf(key));
    const written = readFileSync(path(key));
    copyFileSync(path(from), path(key));

    const how = `is damaged: it is a copy of "${from}"`;
    const error = await refusalOf(read({ ...event, shard }, context));
    const { message, hint } = error;
    expect(message).toBe(`${path(key)} ${how}`);
    expect(hint).toContain(`rm -f '${path(key)}'`);
    const found = await verifyRun(job.results, job.run);
    expect(found.damaged).toMatchObject([{ key, how }]);
    expect(renderVerification(found, job.results.location)).toContain(`  rm -f '${path(key)}'`);
    // The other run is intact: its file is in its own place.
    expect((await verifyRun(job.results, other.run)).damaged).toEqual([]);

    rmSync(path(key));
    await write({ ...event, shard }, context);
    expect(readFileSync(path(key)).equals(written)).toBe(true);
    await read({ ...event, shard }, context);
    expect((await verifyRun(job.results, job.run)).damaged).toEqual([]);
  },
);
