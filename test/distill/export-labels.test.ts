import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportLabels } from '../../src/distill/export-labels.ts';
import { reconcileLabels } from '../../src/stages/reconcile.ts';
import { type Answer, type PlannedRun, plannedRun } from '../support/planned-run.ts';
import { makeResults } from '../support/results.ts';
import { tableRows } from '../support/table-content.ts';

/** Labels a run: right with a large margin, wrong with a small one, and one without a label. */
async function labeledRun(
  sections: Record<string, string> = {},
  change?: (dataset: string) => void,
): Promise<PlannedRun> {
  const teacher = '{ train: { architecture: mlp }, calibrate: false }';
  const common = { limits: '{ quarantine: 50% }', teacher };
  const run = await plannedRun({ ...common, ...sections }, 'csv', change);
  const { classes } = run.job.plan;
  let turn = 0;
  await run.label(({ label }, { set }): Answer => {
    turn++;
    if (set === 'unlabeled' && turn % 29 === 0) return 'cannot be decoded';
    const truth = Math.max(0, classes.indexOf(String(label)));
    return turn % 4 === 0
      ? { prediction: (truth + 1) % 3, probability: 0.5 }
      : { prediction: truth, probability: 0.9 };
  });
  await reconcileLabels(run.event, run.context);
  return run;
}

const lines = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));

test('both formats have the same labels, each with the probability that it is right', async () => {
  const { job } = await labeledRun();
  const { path: folder } = makeResults();
  const description = await exportLabels(job, { folder, format: 'jsonl' });
  const parquet = await exportLabels(job, { folder, format: 'parquet' });
  expect(parquet).toEqual(description);
  expect(description).toMatchObject({ run: job.run, labeled: 56, quarantined: 2 });
  expect(JSON.parse(readFileSync(join(folder, '_labels.json'), 'utf8'))).toEqual(description);
  expect(readdirSync(folder).sort()).toEqual([
    '_labels.json',
    ...[0, 1].map((index) => `_quarantined-0000${index}-of-00002.jsonl`),
    ...[0, 1].flatMap((index) =>
      ['jsonl', 'parquet'].map((format) => `labels-0000${index}-of-00002.${format}`),
    ),
  ]);
  const rows = [0, 1].flatMap((index) => lines(join(folder, `labels-0000${index}-of-00002.jsonl`)));
  expect(rows).toHaveLength(56);
  const [sure] = rows.filter(({ probability }) => probability === 0.9);
  // 60 of the 80 labels that judge it are of this kind, all right: the bound is 81/82.
  expect(sure).toEqual({
    id: expect.stringMatching(/^first\/wine\.csv:/),
    label: 'cultivar 0',
    probability: 0.9,
    pRight: 0.9878049,
    margin: 0.85,
    probabilities: [0.9, 0.05, 0.05],
  });
  const unsure = rows.filter(({ probability }) => probability === 0.5);
  expect(unsure.length).toBeGreaterThan(5);
  for (const { pRight, label } of unsure) {
    expect([pRight, label]).toEqual([0.01219512, 'cultivar 1']);
  }
  const tables = [0, 1].map((index) => {
    const bytes = readFileSync(join(folder, `labels-0000${index}-of-00002.parquet`));
    return tableRows(bytes, ['id', 'label', 'pRight']);
  });
  const read = (await Promise.all(tables)).flat();
  expect(read.map(([id, label, pRight]) => [id, label, Number(pRight).toFixed(6)])).toEqual(
    rows.map(({ id, label, pRight }) => [id, label, Number(pRight).toFixed(6)]),
  );
  expect(lines(join(folder, '_quarantined-00000-of-00002.jsonl'))[0]).toMatchObject({
    reason: 'cannot be decoded',
  });
});

test('the share of right labels is expected from the labels that judge the teacher', async () => {
  const { job } = await labeledRun();
  const { expectedAccuracy, judgedOn } = await exportLabels(job, {
    folder: makeResults().path,
    format: 'parquet',
  });
  expect(judgedOn).toEqual({ sets: ['labeled', 'validation'], examples: 80 });
  expect(expectedAccuracy!.value).toBeGreaterThan(0.65);
  expect(expectedAccuracy!.low).toBeLessThan(expectedAccuracy!.value);
  expect(expectedAccuracy!.high).toBeGreaterThan(expectedAccuracy!.value);
});

test('without a label that the teacher has not learned, no label is known to be right', async () => {
  const sections = {
    ...{ method: 'uniform', folds: '1' },
    data: '{ format: csv, validationShare: 0 }',
  };
  const { job } = await labeledRun(sections, (dataset) =>
    rmSync(join(dataset, 'validation'), { recursive: true }),
  );
  const { path: folder } = makeResults();
  const description = await exportLabels(job, { folder, format: 'jsonl' });
  expect(description).toMatchObject({ expectedAccuracy: null, judgedOn: null });
  expect(lines(join(folder, 'labels-00000-of-00002.jsonl'))[0]).not.toHaveProperty('pRight');
});

test('a second call keeps the files, and writes those that are missing', async () => {
  const { job } = await labeledRun();
  const { path: folder } = makeResults();
  const target = { folder, format: 'jsonl' } as const;
  await exportLabels(job, target);
  rmSync(join(folder, 'labels-00001-of-00002.jsonl'));
  await exportLabels(job, target);
  expect(existsSync(join(folder, 'labels-00001-of-00002.jsonl'))).toBe(true);
});

test('refuses a folder with labels of another run, and a file in the place of the folder', async () => {
  const { job } = await labeledRun();
  const { path } = makeResults();
  const foreign = [
    ['labels-00000-of-00002.jsonl', 'other'],
    ['labels-00003-of-00007.jsonl', 'more'],
    ['_labels.json', '{ "run": "other" }'],
    ['_labels.json', 'no JSON'],
  ] as const;
  for (const [index, [name, text]] of foreign.entries()) {
    const folder = join(path, String(index));
    mkdirSync(folder);
    writeFileSync(join(folder, name), text);
    await expect(exportLabels(job, { folder, format: 'jsonl' })).rejects.toMatchObject({
      name: 'UserError',
      message: `${join(folder, name)} exists already and does not belong to run ${job.run}`,
      hint: expect.stringContaining('--to'),
    });
    expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  }
  const folder = join(path, '0', foreign[0][0]);
  await expect(exportLabels(job, { folder, format: 'jsonl' })).rejects.toThrow('is a file');
});
