import { appendFileSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createDigester } from '../../src/data/content-digest.ts';
import type { Example } from '../../src/data/example.ts';
import { shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { reconcileSchema } from '../../src/run/reconcile-file.ts';
import { readTestDigests } from '../../src/run/test-digests-file.ts';
import { reconcileLabels } from '../../src/stages/reconcile.ts';
import { readJson } from '../../src/store/once.ts';
import { type Answer, type PlannedRun, plannedRun } from '../support/planned-run.ts';
import { putJson } from '../support/put.ts';

const sure: Answer = { prediction: 0, probability: 0.9 };

const recorded = ({ job }: PlannedRun) =>
  readJson(job.results, keys.reconcile(job.run), reconcileSchema);

/** Rejects the first `count` examples of a set. */
function rejecting(set: string, count: number): Parameters<PlannedRun['label']>[0] {
  let left = count;
  return (_, item) => (item.set === set && left-- > 0 ? 'cannot be decoded' : sure);
}

test('counts what every shard has, and lists what was left out', async () => {
  const run = await plannedRun({ limits: '{ quarantine: 50% }' });
  await run.label(rejecting('unlabeled', 12));
  const sets = await reconcileLabels(run.event, run.context);
  const { shards, quarantined } = await recorded(run);
  expect(sets.unlabeled.quarantined).toBe(12);
  const items = await shardItems(run.job);
  for (const set of ['labeled', 'validation', 'test', 'unlabeled'] as const) {
    const counts = shards.filter((_, index) => items[index]!.set === set);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(sets[set].labeled);
  }
  // The first ten of a set are listed by name.
  expect(quarantined).toHaveLength(10);
  expect(quarantined[0]).toMatchObject({ set: 'unlabeled', reason: 'cannot be decoded' });
  expect(quarantined[0]!.id).toMatch(/wine\.csv/);
});

test('reports the progress in shards', async () => {
  const run = await plannedRun();
  await run.label(() => sure);
  await reconcileLabels(run.event, run.context);
  const total = (await shardItems(run.job)).length;
  expect(run.reports).toContainEqual({ stage: 'Reconcile', done: total, total, unit: 'shards' });
});

test('refuses a run with too many examples that cannot be used', async () => {
  const run = await plannedRun({ limits: '{ quarantine: 1% }' });
  await run.label(rejecting('validation', 5));
  await expect(reconcileLabels(run.event, run.context)).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(/^5 of \d+ examples of the validation set cannot be used/),
    hint: expect.stringContaining('limits.quarantine'),
  });
  await expect(recorded(run)).rejects.toThrow();
});

test.each(['unlabeled', 'test'] as const)(
  'refuses the %s set without a usable example, however high the limit is',
  async (set) => {
    const run = await plannedRun({ limits: '{ quarantine: 100% }' });
    await run.label(rejecting(set, Number.POSITIVE_INFINITY));
    await expect(reconcileLabels(run.event, run.context)).rejects.toThrow(
      `the ${set} set has no usable example`,
    );
  },
);

test('refuses a shard without labels, and names it', async () => {
  const run = await plannedRun();
  const [first] = await shardItems(run.job);
  await expect(reconcileLabels(run.event, run.context)).rejects.toThrow(
    `shard ${first!.id} of the ${first!.set} set has no labels`,
  );
});

test('measures how well the margin separates the wrong labels', async () => {
  const run = await plannedRun();
  const classes = run.job.plan.classes;
  let turn = 0;
  // Wrong with a small margin on every third example, and right with a large one on the others.
  const answer = ({ label }: Example): Answer => {
    const truth = Math.max(0, classes.indexOf(String(label)));
    return turn++ % 3 === 0
      ? { prediction: (truth + 1) % classes.length, probability: 0.4 }
      : { prediction: truth, probability: 0.95 };
  };
  await run.label(answer);
  await reconcileLabels(run.event, run.context);
  const { validation } = await recorded(run);
  expect(validation.isEnough).toBe(true);
  expect(validation.description).toMatch(/^The teacher is wrong on 100% .* and on 0%/);
  const message = validation.description;
  expect(run.reports).toContainEqual({ stage: 'Reconcile', message, level: 'info' });
});

test('without such a separation warns, if a method needs it', async () => {
  const run = await plannedRun();
  await run.label(() => sure);
  await reconcileLabels(run.event, run.context);
  expect(run.reports).toContainEqual(expect.objectContaining({ level: 'warning' }));

  const plain = await plannedRun({ method: 'uniform', compare: '[]' });
  await plain.label(() => sure);
  await reconcileLabels(plain.event, plain.context);
  const messages = plain.reports.flatMap(({ message }) => message ?? []);
  expect(messages.join()).not.toContain('margin');
});

/** Records in the plan that the user supplied the teacher. */
async function supplyTeacher({ job }: PlannedRun): Promise<void> {
  const { train: _, ...rest } = job.plan.config.teacher;
  const config = { ...job.plan.config, teacher: { ...rest, onnx: 'teacher/model.onnx' } };
  await putJson(job.results, keys.plan(job.run), { ...job.plan, config });
}

/** Labels every example with a class, and judges the teacher, for a method without validation. */
async function judged(answer: (truth: number) => number, isSupplied = false) {
  const run = await plannedRun({ method: 'uniform' });
  if (isSupplied) await supplyTeacher(run);
  const { classes } = run.job.plan;
  await run.label(({ label }) => {
    const truth = Math.max(0, classes.indexOf(String(label)));
    return { prediction: answer(truth), probability: 0.9 };
  });
  await reconcileLabels(run.event, run.context);
  const { teacher: found } = await recorded(run);
  return { found: found!, reports: run.reports };
}

test('reports the accuracy of the teacher on labels that it has not learned', async () => {
  const { found, reports } = await judged((truth) => truth);
  expect(found).toMatchObject({ examples: 80, sets: ['labeled', 'validation'], warnings: [] });
  expect(reports).toContainEqual({
    stage: 'Reconcile',
    message:
      'Before calibration, the teacher is right on 100.0% (95.4% to 100.0%) of 80 labels in labeled/ and validation/.',
    level: 'info',
  });
});

test('leaves out labels that a single teacher has learned', async () => {
  const network = '{ architecture: mlp, epochs: 1 }';
  const run = await plannedRun({ folds: '1', teacher: `{ train: ${network} }` });
  await run.label(() => sure);
  await reconcileLabels(run.event, run.context);
  expect((await recorded(run)).teacher).toMatchObject({ examples: 40, sets: ['validation'] });
});

const turned = (truth: number) => (truth + 1) % 3;

test.each([
  [true, turned, /set task.classes: \[cultivar 2, cultivar 0, cultivar 1\]/],
  [true, () => 2, /not clearly better than guessing.*Check the order of task.classes/],
  [false, turned, /not clearly better than guessing.*Check the labels/],
])('warns of a teacher that is wrong; supplied: %s, %s', async (isSupplied, answer, warning) => {
  const { found, reports } = await judged(answer, isSupplied);
  const [message] = found.warnings;
  expect(message).toMatch(warning);
  expect(reports).toContainEqual({ stage: 'Reconcile', message, level: 'warning' });
});

test('again finds its record', async () => {
  const run = await plannedRun();
  await run.label(() => sure);
  const first = await reconcileLabels(run.event, run.context);
  await run.label(() => 'cannot be decoded');
  expect(await reconcileLabels(run.event, run.context)).toEqual(first);
});

/** Returns the first rows of a set's CSV file. */
const rowsOf = (dataset: string, set: string, rows: number) =>
  readFileSync(join(dataset, set, 'wine.csv'), 'utf8')
    .split('\n')
    .slice(1, 1 + rows);

/** Adds rows to a set's CSV file. */
const addRows = (dataset: string, set: string, rows: readonly string[]) =>
  appendFileSync(join(dataset, set, 'wine.csv'), rows.map((row) => `${row}\n`).join(''));

/** Warnings about copies; the teacher of these tests is bad, which is another warning. */
const warningsOf = ({ reports }: PlannedRun) =>
  reports
    .flatMap(({ message, level }) => (level === 'warning' ? [message] : []))
    .filter((message) => !/^(The teacher|teacher\.train) /.test(message ?? ''));

test('finds rows of the test and the validation set that are labeled, too', async () => {
  const run = await plannedRun({ method: 'uniform' }, 'csv', (dataset) => {
    addRows(dataset, 'labeled', rowsOf(dataset, 'test', 3));
    addRows(dataset, 'labeled', rowsOf(dataset, 'validation', 2));
    addRows(dataset, 'validation', rowsOf(dataset, 'test', 4));
    // Twice in the test set.
    addRows(dataset, 'test', rowsOf(dataset, 'test', 1));
  });
  await run.label(() => sure);
  await reconcileLabels(run.event, run.context);
  const { copies } = await recorded(run);
  expect(copies).toEqual({
    test: { examples: 5, of: 41, first: 'wine.csv:40' },
    validation: { examples: 5, of: 44, first: 'wine.csv:40' },
    contradicting: { examples: 0, of: 45 },
  });
  expect(warningsOf(run)).toEqual([
    "5 of 41 test examples have the values of a labeled or validation one, such as 'wine.csv:40'. " +
      'The figures of this run will be too good.',
    "5 of 44 validation examples have the values of a labeled one, such as 'wine.csv:40': the " +
      'teacher looks better on them than it is.',
  ]);
  const tests = await readTestDigests(run.job);
  const sets = new Map<number, string[]>();
  await run.label(({ content, id }, { set }) => {
    const row = Number(id.split(':')[1]);
    if (set === 'test') sets.set(row, tests.setsOf(createDigester(run.job.plan.features)(content)));
    return sure;
  });
  expect([0, 2, 3, 4, 40].map((row) => sets.get(row))).toEqual([
    ['labeled', 'validation'],
    ['labeled', 'validation'],
    ['validation'],
    [],
    ['labeled', 'validation'],
  ]);
});

test('finds images of the same bytes under another name', async () => {
  const run = await plannedRun({ method: 'uniform' }, 'images', (dataset) => {
    cpSync(join(dataset, 'test/0'), join(dataset, 'labeled/0'), { recursive: true });
    // With the label of another class.
    cpSync(join(dataset, 'labeled/0/0571.webp'), join(dataset, 'labeled/1/again.webp'));
  });
  await run.label(() => sure);
  await reconcileLabels(run.event, run.context);
  const { copies } = await recorded(run);
  const [test, contradiction] = warningsOf(run);
  expect(copies.test.examples).toBeGreaterThan(0);
  expect(test).toMatch(/^\d+ of \d+ test examples have the bytes of a labeled or validation one/);
  expect(copies.contradicting).toMatchObject({ examples: 1, first: '1/again.webp' });
  expect(contradiction).toMatch(
    /^1 of \d+ labeled examples has another class than an equal one before, such as '1\/again.webp'/,
  );
});
