/** Heads on an encoder, from Plan to a student that a program loads. */
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Rejected } from '../../src/data/example.ts';
import { createEmbeddingsWriter, openEmbeddings } from '../../src/data/tables/embeddings-file.ts';
import { readLabels } from '../../src/data/tables/labels-file.ts';
import { readUsableSummary } from '../../src/distill/encoded-examples.ts';
import { exportLabels } from '../../src/distill/export-labels.ts';
import { labeledShard, teacherLabels, usableLabels } from '../../src/distill/sets.ts';
import { verifyRun } from '../../src/distill/verify/verify-run.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import { readExports } from '../../src/models/model-files.ts';
import { addedExports, readDocuments } from '../../src/run/documents-file.ts';
import type { ShardItem } from '../../src/run/events.ts';
import { openJob, shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { calibrateTeacher } from '../../src/stages/calibrate.ts';
import { encodeShard } from '../../src/stages/encode.ts';
import { nextToLabel } from '../../src/stages/evaluate/next-to-label.ts';
import { labelShard } from '../../src/stages/label.ts';
import { planRun } from '../../src/stages/plan.ts';
import { reconcileLabels } from '../../src/stages/reconcile.ts';
import { startRun } from '../../src/stages/start.ts';
import { trainTeacher } from '../../src/stages/train-teacher.ts';
import { tf } from '../../src/tensorflow.ts';
import { type Dataset, formats, makeDataset, writeConfig } from '../support/datasets.ts';
import { collect } from '../support/examples.ts';
import { type PlannedRun, plannedRun } from '../support/planned-run.ts';
import { context, finished } from '../support/staged-run.ts';

const linear = '{ encoder: encoder, head: linear, epochs: 3, learningRate: 0.1, batchSize: 32 }';
const other = '{ encoder: { path: encoder, batchSize: 7 }, head: mlp, width: 8 }';
const network = '{ architecture: mlp, width: 16, depth: 1, epochs: 1 }';
const sections = {
  ...{ teacher: `{ train: ${linear} }`, student: linear },
  ...{ method: 'lelp', compare: '[]', folds: '2', warmup: '{ epochs: 1 }' },
};

function addEncoder(dataset: string): void {
  const fixture = join(import.meta.dirname, '../fixtures/encoders/image');
  for (const name of ['model.onnx', 'preprocessor_config.json']) {
    cpSync(join(fixture, name), join(dataset, 'encoder', name));
  }
}

/** Digits with an encoder of images. */
function encodedDataset(more: Record<string, string> = {}): Dataset {
  const made = makeDataset('images', { ...sections, ...more });
  addEncoder(made.dataset);
  return made;
}

/** Lists the files of embeddings. */
function embeddingsIn({ results }: Dataset): string[] {
  const folder = join(results, 'embeddings');
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths.filter((path) => path.endsWith('.parquet')).map((path) => join(folder, path));
}

async function planned({ dataset, results }: Dataset) {
  const started = await startRun(dataset, results);
  const event = { ...started, execution: started.run };
  await planRun(event, context);
  return { event, job: await openJob(event) };
}

test('a student of encoder and head is one folder, and is measured again later', async () => {
  const made = encodedDataset();
  const { job, metrics, students } = await finished(made);
  expect(job.plan.encoders).toMatchObject([{ bits: 16, size: [8, 8] }]);
  expect(embeddingsIn(made)).toHaveLength((await shardItems(job)).length);
  const { value } = metrics.models.lelp!.accuracy;
  expect(metrics.models.teacher!.accuracy.value).toBeGreaterThan(0.2);

  const tensors = tf.memory().numTensors;
  const folder = keys.student(job.run, 'lelp');
  const added = addedExports(await readDocuments(job), folder);
  expect([...added.keys()]).toEqual(['model.onnx']);
  expect([...(await readExports(job.results, folder, added)).keys()]).toEqual(
    expect.arrayContaining([
      ...['student.json', 'model.onnx', 'encoder/encoder.json', 'encoder/model.onnx'],
    ]),
  );
  const [compared] = students[0]!.exports;
  expect(compared).toMatchObject({ format: 'onnx', examples: 60 });
  expect(compared).toHaveProperty('largestDifference', expect.closeTo(0, 5));
  const student = await loadStudent(join(made.results, folder));
  const right: boolean[] = [];
  for (const item of await shardItems(job, 'test')) {
    for await (const { example } of labeledShard(job, item)) {
      if (example.content.kind !== 'image') throw new Error('expected an image');
      const [answer] = await student.predict([example.content.bytes]);
      right.push(answer!.class === example.label);
    }
  }
  // Stored embeddings are rounded, which may change an answer.
  const share = right.filter(Boolean).length / right.length;
  expect(Math.abs(share - value)).toBeLessThan(3 / right.length);
  await expect(student.predict(['a text'])).rejects.toThrow("of the kind 'image'");
  student.dispose();
  expect(tf.memory().numTensors).toBe(tensors);

  // A run without an encoder embeds the examples that are evaluated.
  const before = embeddingsIn(made);
  for (const path of before) rmSync(path);
  const pixels = { ...sections, teacher: `{ train: ${network} }`, student: network };
  writeConfig(made.dataset, { ...formats.images, ...pixels, method: 'uniform' });
  const second = await finished(made);
  expect(second.currentProblem).toBeUndefined();
  expect(second.metrics.models.current!.accuracy.value).toBe(value);
  expect(embeddingsIn(made).length).toBeLessThan(before.length);

  rmSync(join(made.results, folder, 'encoder/encoder.json'));
  await expect(loadStudent(join(made.results, folder))).rejects.toThrow('without the files');
});

test('nothing is embedded again by another run, for another network or by another path', async () => {
  const made = encodedDataset({ teacher: `{ train: ${network} }` });
  const first = await planned(made);
  const items = await shardItems(first.job);
  const encode = async ({ event }: typeof first) => {
    const found: number[] = [];
    for (const shard of items) found.push(await encodeShard({ ...event, shard }, context));
    return found;
  };
  expect(await encode(first)).toEqual(items.map(() => 1));
  expect(await encode(first)).toEqual(items.map(() => 0));
  expect(first.job.plan.estimate.tasks.map(({ task }) => task)).toContain('Encode');
  const plan = (student: string) => {
    writeConfig(made.dataset, { ...formats.images, ...sections, student });
    return planned(made);
  };
  const samePath = await plan(linear.replace('encoder,', './encoder/model.onnx,'));
  expect(samePath.job.plan.encoders).toMatchObject([{ configs: [{}, {}] }]);
  expect(await encode(samePath)).toEqual(items.map(() => 0));
  const both = await plan(other);
  expect(both.job.plan.encoders.map(({ dimension }) => dimension)).toEqual(
    both.job.plan.encoders.map(() => first.job.plan.encoders[0]!.dimension),
  );
  expect(await encode(both)).toEqual(items.map(() => 1));
  expect(embeddingsIn(made)).toHaveLength(2 * items.length);
});

/** Embeds a shard by the first encoder of a run; returns the rows, and how to replace the file. */
async function encodeOne({ event, job }: Pick<PlannedRun, 'event' | 'job'>, shard: ShardItem) {
  await encodeShard({ ...event, shard }, context);
  const [{ digest, dimension, bits } = expect.fail()] = job.plan.encoders;
  const key = keys.embeddings(digest, shard.id);
  const rows = await collect((await openEmbeddings(job.results, key)).rows());
  const replace = async (kept: typeof rows, rejected: readonly Rejected[], stated = key) => {
    const writer = createEmbeddingsWriter(stated, dimension, bits);
    for (const { id, embedding } of kept) writer.append([id], embedding);
    rmSync(join(event.results, key));
    await job.results.write(key, writer.finish(rejected, 0));
  };
  return { key, rows, replace };
}

test('embeddings of another encoder or shard are refused, with the file and its key', async () => {
  const run = await plannedRun({ ...sections, method: 'uniform' }, 'images', addEncoder);
  const { event, job } = run;
  await run.label(() => ({ prediction: 1, probability: 0.5 }));
  const [shard] = await shardItems(job, 'unlabeled');
  const { key, rows, replace } = await encodeOne(run, shard!);
  const [{ digest } = expect.fail()] = job.plan.encoders;
  for (const from of [keys.embeddings('another', shard!.id), keys.embeddings(digest, 'other')]) {
    await replace(rows, [], from);
    const how = `is damaged: it is a copy of "${from}"`;
    await expect(labelShard({ ...event, shard: shard! }, context)).rejects.toMatchObject({
      message: `${join(event.results, key)} ${how}`,
      hint: expect.stringContaining(`rm -f '${join(event.results, key)}'`),
    });
    const { damaged } = await verifyRun(job.results, job.run);
    expect(damaged).toMatchObject([{ key, how }]);
  }
});

describe('examples without an embedding', () => {
  test('are quarantined', async () => {
    const made = encodedDataset({ limits: '{ quarantine: 50% }' });
    writeFileSync(join(made.dataset, 'unlabeled/first/broken.png'), 'not an image');
    const { event, job } = await planned(made);
    const [shard] = await shardItems(job, 'unlabeled');
    await encodeShard({ ...event, shard: shard! }, context);
    const key = keys.embeddings(job.plan.encoders[0]!.digest, shard!.id);
    const { summary } = await openEmbeddings(job.results, key);
    expect(summary.quarantined).toMatchObject([{ id: 'first/broken.png' }]);
  });

  test('are left out, although an earlier run has labeled them', async () => {
    const run = await plannedRun(sections, 'images', addEncoder);
    const { job } = run;
    await run.label(() => ({ prediction: 1, probability: 0.5 }));
    const [shard] = await shardItems(job, 'unlabeled');
    const { rows, replace } = await encodeOne(run, shard!);
    await replace(rows.slice(1), [{ id: rows[0]!.id, reason: 'A test.' }]);

    const labels = teacherLabels(job)(shard!.id);
    const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);
    const all = ids(await collect(readLabels(job.results, labels)));
    const { labeled, quarantined } = await readUsableSummary(job, shard!.id, labels);
    expect(labeled).toBe(all.length - 1);
    expect(quarantined).toEqual([{ id: all[0], reason: 'A test.' }]);
    expect(ids(await collect(usableLabels(job, shard!)))).toEqual(all.slice(1));
    const examples = (await collect(labeledShard(job, shard!))).map(({ example }) => example);
    expect(ids(examples)).toEqual(all.slice(1));
    expect(examples[0]!.embeddings?.size).toBe(1);
    expect(await collect(labeledShard(job, shard!, { encoders: [] }))).toHaveLength(labeled);
  });

  test('are labeled if only the student reads embeddings: other runs reuse the labels', async () => {
    const run = await plannedRun(
      { ...sections, teacher: `{ train: ${network} }`, limits: '{ quarantine: 50% }' },
      'images',
      addEncoder,
    );
    const { event, job } = run;
    for (const shard of await shardItems(job)) {
      const { rows, replace } = await encodeOne(run, shard);
      await replace(rows.slice(1), [{ id: rows[0]!.id, reason: 'A test.' }]);
    }
    await trainTeacher(event, context);
    await calibrateTeacher(event, context);
    for (const shard of await shardItems(job)) await labelShard({ ...event, shard }, context);
    const unlabeled = await shardItems(job, 'unlabeled');
    const all: string[] = [];
    const usable: string[] = [];
    for (const shard of unlabeled) {
      const labels = readLabels(job.results, teacherLabels(job)(shard.id));
      all.push(...(await collect(labels)).map(({ id }) => id));
      usable.push(...(await collect(usableLabels(job, shard))).map(({ id }) => id));
    }
    expect(all).toHaveLength(usable.length + unlabeled.length);

    // They are in no result of this run.
    await reconcileLabels(event, context);
    const next = (await nextToLabel(job)).map(({ id }) => id);
    expect(next.sort()).toEqual(usable.sort());
    const folder = join(event.results, 'exported');
    const { labeled, quarantined } = await exportLabels(job, { folder, format: 'parquet' });
    expect({ labeled, quarantined }).toEqual({
      labeled: usable.length,
      quarantined: unlabeled.length,
    });
  });
});

test.each([
  ['images', '{ encoder: nowhere, head: linear }', 'there is no model.onnx'],
  ['csv', linear, 'encoders read images or texts'],
] as const)('%s: %s is refused', async (format, student, message) => {
  const made = format === 'csv' ? makeDataset('csv', { student }) : encodedDataset({ student });
  await expect(planned(made)).rejects.toThrow(message);
});
