import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createLabelsWriter, readLabels } from '../../../src/data/tables/labels-file.ts';
import { oneClass } from '../../../src/debias/decisions.ts';
import { predictions } from '../../../src/debias/margin.ts';
import { teacherLabels, trueClass } from '../../../src/distill/sets.ts';
import { studentInputs } from '../../../src/distill/student-inputs.ts';
import { run } from '../../../src/engines/embedded.ts';
import { readModelFiles } from '../../../src/models/model-files.ts';
import { loadModel } from '../../../src/models/student.ts';
import { shardItems } from '../../../src/run/job.ts';
import { trainVariant } from '../../../src/stages/train.ts';
import { makeDataset } from '../../support/datasets.ts';
import { collect } from '../../support/examples.ts';
import { context, reconciled, runWithStops, weighed } from '../../support/staged-run.ts';

const lelp = { method: 'lelp', folds: '3' };

describe('the method lelp', () => {
  test('trains a student that knows the classes', async () => {
    const { event, job } = await weighed(makeDataset('csv', { ...lelp, compare: '[]' }));
    const folder = await trainVariant({ ...event, variant: 'lelp' }, context);
    const student = await loadModel(await readModelFiles(job.results, folder));
    expect(student.description.subclasses).toBe(4);
    const classOf = trueClass(job);
    const right: boolean[] = [];
    for (const item of await shardItems(job, 'test')) {
      for await (const { rows, examples } of studentInputs(job, item)) {
        const answers = predictions(student.predict(rows), 3);
        right.push(
          ...examples.map(({ example }, row) => answers[row] === classOf(example, 'test')),
        );
      }
    }
    expect(right.length).toBeGreaterThan(20);
    expect(right.filter(Boolean).length / right.length).toBeGreaterThan(0.8);
  });

  test('asks for embeddings, which others do without', async () => {
    const embeddingSizes: (number | undefined)[] = [];
    const digests = new Set<string>();
    for (const method of ['lelp', 'uniform']) {
      const { job } = await reconciled(makeDataset('csv', { ...lelp, method, compare: '[]' }));
      const [shard] = await shardItems(job, 'unlabeled');
      const [row] = await collect(readLabels(job.results, teacherLabels(job)(shard!.id)));
      embeddingSizes.push(row!.embedding?.length);
      digests.add(job.plan.teacher.digest);
    }
    expect(embeddingSizes).toEqual([32, undefined]);
    expect(digests.size).toBe(2);
  });

  test('ends with the same bits, stopped wherever', async () => {
    const options = makeDataset('parquet-images', { ...lelp, compare: '[]' });
    const { event } = await weighed(options);
    const train = (stopped = context) => trainVariant({ ...event, variant: 'lelp' }, stopped);
    const folder = join(options.results, await train());
    const undisturbed = readFileSync(join(folder, 'weights.bin'));
    rmSync(folder, { recursive: true });
    expect(await runWithStops(train, 7)).toBeGreaterThan(2);
    expect(readFileSync(join(folder, 'weights.bin'))).toEqual(undisturbed);
  });

  test('refuses an embedding that is not finite, with the example', async () => {
    const options = makeDataset('csv', { ...lelp, compare: '[]' });
    const { event, job } = await weighed(options);
    const [shard] = await shardItems(job, 'unlabeled');
    const key = teacherLabels(job)(shard!.id);
    const rows = await collect(readLabels(job.results, key));
    const writer = createLabelsWriter(key, oneClass(3), { embeddingSize: 1, voters: 3 });
    writer.append({
      ids: rows.map(({ id }) => id),
      probabilities: Float32Array.from(rows.flatMap((row) => [...row.probabilities])),
      embeddings: Float32Array.from(rows, (_, index) => (index === 1 ? Number.NaN : 0)),
      votes: Int32Array.from(rows.flatMap((row) => [...row.votes!])),
    });
    writeFileSync(join(options.results, key), writer.finish([]));
    await expect(trainVariant({ ...event, variant: 'lelp' }, context)).rejects.toThrow(
      `the teacher's embedding of the example '${rows[1]!.id}' has a number that is not finite`,
    );
  });

  test('is refused where the teacher has no embedding', async () => {
    for (const teacher of ['{ onnx: teacher.onnx }', '{ predictions: said/, embeddingName: h }']) {
      await expect(run(makeDataset('csv', { ...lelp, teacher }))).rejects.toThrow(
        "expected the model output that is the teacher's embedding, which lelp needs",
      );
    }
  });
});
