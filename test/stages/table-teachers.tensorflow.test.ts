// Teachers of a table that read its columns as they are written: models that scikit-learn and
// XGBoost exported (test/fixtures/make-table-teachers.py), through the stages up to Reconcile.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { readLabels } from '../../src/data/tables/labels-file.ts';
import { inspect } from '../../src/init/inspect.ts';
import { shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { readShard } from '../../src/run/objects-file.ts';
import { reconcileSchema } from '../../src/run/reconcile-file.ts';
import { planRun } from '../../src/stages/plan.ts';
import { startRun } from '../../src/stages/start.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { readJson } from '../../src/store/once.ts';
import { writeConfig } from '../support/datasets.ts';
import { context, reconciled } from '../support/staged-run.ts';

const fixtures = join(import.meta.dirname, '../fixtures/table-teachers');
const expected = z
  .record(
    z.string(),
    z.strictObject({
      columns: z.array(z.string()),
      probabilities: z.record(z.string(), z.array(z.array(z.number()))),
    }),
  )
  .parse(JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8')));

/** A dataset of the fixtures' table with one of their models. */
function datasetWith(model: string, teacher: string) {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [dataset, results] = [join(folder, 'people'), join(folder, 'results')];
  cpSync(join(fixtures, 'data'), dataset, { recursive: true });
  mkdirSync(join(dataset, 'teacher'));
  cpSync(join(fixtures, `${model}.onnx`), join(dataset, 'teacher/model.onnx'));
  mkdirSync(results);
  writeConfig(dataset, {
    task: '{ type: tabular-classification, classes: [high, low, mid], target: label }',
    data: '{ format: csv }',
    teacher,
    method: 'uniform',
  });
  return { dataset, results };
}

/** Plans a run. */
async function planned(paths: { dataset: string; results: string }) {
  const started = await startRun(paths.dataset, paths.results);
  return planRun({ ...started, execution: started.run }, context);
}

describe.each(Object.entries(expected))('%s', (model, { columns, probabilities }) => {
  test('answers as in Python, to 1e-5', async () => {
    const teacher = `{ onnx: teacher/model.onnx, columns: [${columns.join(', ')}] }`;
    const { job } = await reconciled(datasetWith(model, teacher));
    let compared = 0;
    for (const item of await shardItems(job)) {
      const shard = await readShard(job, item);
      const rows =
        probabilities[shard.set === 'unlabeled' ? 'unlabeled/first' : labeledAs(shard.set)]!;
      for await (const { id, probabilities: found } of readLabels(
        job.results,
        keys.labels(job.plan.teacher.digest, item.id),
      )) {
        const wanted = rows[Number(id.slice(id.lastIndexOf(':') + 1))]!;
        wanted.forEach((value, index) => {
          expect(Math.abs(found[index]! - value)).toBeLessThan(1e-5);
        });
        compared++;
      }
    }
    expect(compared).toBe(130);
    const { teacher: judged } = await readJson(
      job.results,
      keys.reconcile(job.run),
      reconcileSchema,
    );
    expect(judged!.accuracy.value).toBeGreaterThan(0.6);
    expect(judged).toMatchObject({ examples: 32, sets: ['validation'], warnings: [] });
  });

  test('is given its columns by init', async () => {
    const { dataset } = datasetWith(model, '{ onnx: teacher/model.onnx }');
    const { config, notes } = await inspect(new FolderStore(dataset));
    const named = model.startsWith('pipeline');
    const all = ['height', 'age', 'town', 'score'];
    expect(config.teacher).toEqual({
      onnx: 'teacher/model.onnx',
      columns: named ? ['height', 'age', 'town'] : all,
    });
    expect(notes.join('\n')).toContain('check that it was trained on these, in this order');
  });

  test('is refused without teacher.columns, although its input may fit', async () => {
    await expect(planned(datasetWith(model, '{ onnx: teacher/model.onnx }'))).rejects.toMatchObject(
      {
        name: 'UserError',
        message: expect.stringContaining('teacher.columns does not say which columns'),
        hint: expect.stringMatching(/^Set teacher.columns: \[.*height.*\]/),
      },
    );
  });
});

/** The validation set is split off the labeled one. */
function labeledAs(set: string): string {
  return set === 'validation' ? 'labeled' : set;
}

describe('teacher.columns is refused in Plan', () => {
  test.each([
    ['xgboost', 'height, age', 'reads input: float32 [n, 3], and teacher.columns has 2'],
    ['pipeline', 'height, age', 'and teacher.columns has 2: height, age'],
    ['forest-any-width', 'height, label', "teacher.columns has 'label', which is the class"],
    [
      'forest-any-width',
      'height, Age',
      "'labeled/people.csv' lacks 1 of the 2 columns that the teacher reads (teacher.columns): Age (it has age)",
    ],
    ['xgboost', 'height, age, town', "labeled examples; 'people.csv:"],
  ])('%s with %s', async (model, columns, message) => {
    const teacher = `{ onnx: teacher/model.onnx, columns: [${columns}] }`;
    await expect(planned(datasetWith(model, teacher))).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(message),
    });
  });
});
