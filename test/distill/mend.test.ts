/** Objects to delete so that a run writes a damaged one again. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { alsoDeleted } from '../../src/distill/verify/mend.ts';
import { keys } from '../../src/run/keys.ts';
import { openStore } from '../../src/store/open.ts';
import { put, putJson } from '../support/put.ts';
import { makeResults } from '../support/results.ts';

const run = 'digits-0123456789ab';
const folder = keys.student(run, 'relabel');
const model = ['model.json', 'weights.bin', 'history.json', 'student.json'];
/** Files that state what Evaluate found. */
const evaluated = [
  ...[keys.metrics, keys.machine, keys.predictions, keys.report, keys.documents].map((of) =>
    of(run),
  ),
  keys.card(run, 'relabel'),
  keys.card(run, 'uniform'),
];
const kept = [
  ...[keys.publication(run), keys.reconcile(run), keys.labelNext(run), keys.current('digits')],
  ...[...model, 'round-1.json'].map((file) => `${folder}round-1/${file}`),
  `${keys.student(run, 'uniform')}weights.bin`,
  `${folder}relabel.json`,
];
const exports = ['model.onnx', 'saved_model/saved_model.pb'].map((file) => folder + file);
const trained = [...model.map((file) => folder + file), ...exports];
const encoder = [`${folder}encoder/onnx/model.onnx`, `${folder}encoder/encoder.json`];

async function deletedWith(key: string, isDone = true): Promise<string[]> {
  const { path } = makeResults();
  const store = await openStore(path);
  for (const one of [...evaluated, ...kept, ...trained, ...encoder]) await put(path, one);
  if (!isDone) rmSync(join(path, keys.publication(run)));
  const variants = [{ name: 'relabel' }, { name: 'uniform' }];
  await putJson(store, keys.plan(run), { variants });
  return (await alsoDeleted(store, run, key)).sort();
}

function without(key: string, ...lists: readonly string[][]): string[] {
  return lists
    .flat()
    .filter((one) => one !== key)
    .sort();
}

test.each(['weights.bin', 'model.onnx', 'saved_model/saved_model.pb', 'student.json'])(
  'with %s of a student, all that training and Evaluate wrote',
  async (file) => {
    const key = folder + file;
    expect(await deletedWith(key)).toEqual(without(key, trained, evaluated));
  },
);

test("with a file of a student's encoder, its description as well", async () => {
  expect(await deletedWith(encoder[0]!)).toEqual(
    without(encoder[0]!, [encoder[1]!], trained, evaluated),
  );
});

test('with a file of a round, the files of its model and of the student', async () => {
  const key = `${folder}round-1/weights.bin`;
  const round = model.map((file) => `${folder}round-1/${file}`);
  expect(await deletedWith(key)).toEqual(without(key, round, trained, evaluated));
});

test('with predictions, what Evaluate measured', async () => {
  const key = keys.predictions(run);
  expect(await deletedWith(key)).toEqual(without(key, evaluated));
});

test.each([keys.weights(run, '0'), keys.labels('teacher', '0'), keys.report(run)])(
  'with %s, the documents, so that start finds that the run is not done',
  async (key) => {
    expect(await deletedWith(key)).toEqual([keys.documents(run)]);
  },
);

test("with labels of a run that ends at them, Reconcile's result as well", async () => {
  const key = keys.labels('teacher', '0');
  expect(await deletedWith(key, false)).toEqual(
    without(key, [keys.documents(run), keys.reconcile(run)]),
  );
});

test.each([keys.publication(run), keys.current('digits')])('with %s, nothing', async (key) => {
  expect(await deletedWith(key)).toEqual([]);
});
