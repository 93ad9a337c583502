/** Texts with several teachers, among them heads on an encoder, from Plan to Publish. */
import { execSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { randomFor } from '../../src/data/random.ts';
import { readPenalty } from '../../src/distill/head-penalty.ts';
import { verifyRun } from '../../src/distill/verify/verify-run.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import type { Job } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { reconcileSchema } from '../../src/run/reconcile-file.ts';
import { evaluateStudents } from '../../src/stages/evaluate.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { type Dataset, writeConfig } from '../support/datasets.ts';
import { refusalOf } from '../support/refusal.ts';
import { context, expectHeldOut, finished, reconciled } from '../support/staged-run.ts';

const fillers = ['the', 'film', 'was', 'a', 'plot'];

/** Writes texts that have the word of their class near the end. */
function writeTexts(folder: string, n: number, seed: number): void {
  const random = randomFor(seed);
  const pick = () => fillers[Math.floor(random() * fillers.length)]!;
  const lines = Array.from({ length: n }, (_, index) => {
    const label = index % 2 === 0 ? 'good' : 'bad';
    const word = random() < 0.9 ? label : 'not';
    return `${seed}-${index},${pick()} ${pick()} ${word} ${pick()},${label}\n`;
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'texts.csv'), `id,text,label\n${lines.join('')}`);
}

function makeTexts(): Dataset {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const dataset = join(folder, 'texts');
  const counts = { labeled: 40, validation: 20, 'unlabeled/monday': 30, test: 20 };
  for (const [index, [set, n]] of Object.entries(counts).entries()) {
    writeTexts(join(dataset, set), n, index + 1);
  }
  const encoder = join(import.meta.dirname, '../fixtures/encoders/text');
  cpSync(encoder, join(dataset, 'models/tiny'), { recursive: true });
  return { dataset, results: join(folder, 'results') };
}

const ngrams = '{ architecture: ngrams, buckets: 1024, epochs: 10, batchSize: 16 }';
const linear = '{ encoder: models/tiny, head: linear, epochs: 3 }';
const mlp = '{ encoder: models/tiny, head: mlp, width: 4, epochs: 3 }';

/** Runs all stages with a config. */
async function finishedWith(made: Dataset, maxCharacters: number, more: Record<string, string>) {
  configure(made, maxCharacters, more);
  return finished(made);
}

function configure(made: Dataset, maxCharacters: number, more: Record<string, string>): void {
  writeConfig(made.dataset, {
    task: `{ type: text-classification, classes: [good, bad], maxCharacters: ${maxCharacters} }`,
    data: '{ format: csv, id: id, label: label }',
    ...{ warmup: '{ epochs: 1 }', publish: '{ minGain: -1 }', folds: '2' },
    ...more,
  });
}

test('Reconcile counts the texts of all shards that an encoder reads only in part', async () => {
  const made = makeTexts();
  const short = 'id,text,label\nshort-1,good,good\nshort-2,bad,bad\n';
  writeFileSync(join(made.dataset, 'labeled/short.csv'), short);
  // The other 110 texts have four words; two of the five tokens are special.
  const encoder = '{ encoder: { path: models/tiny, maxLength: 5 }, head: linear }';
  configure(made, 1000, { teacher: `{ train: ${ngrams} }`, student: encoder });
  const { job } = await reconciled(made);
  const { truncated } = await readJson(job.results, keys.reconcile(job.run), reconcileSchema);
  const source = 'the encoder models/tiny';
  expect(truncated).toEqual([{ encoder: source, maxLength: 5, texts: 110, of: 112 }]);
});

test('an encoder that reads fewer tokens than its files state is refused by Plan', async () => {
  const made = makeTexts();
  const encoder = '{ encoder: { path: models/tiny, file: onnx/positions.onnx }, head: linear }';
  await expect(
    finishedWith(made, 1000, { student: encoder, teacher: `{ train: ${ngrams} }` }),
  ).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringContaining('the encoder models/tiny fails on inputs of [1, 12]'),
    hint: expect.stringContaining('set encoder.maxLength to their number'),
  });
  // The same files with other statements are another description, with the same digest.
  expect(existsSync(join(made.results, 'encoders'))).toBe(false);
});

/** Expects `verify` to notice deleted files that a run of one network does not have. */
async function expectNoticed({ results }: Dataset, { plan, run }: Job): Promise<void> {
  const store = await openStore(results, 'time');
  const damaged = async () => (await verifyRun(store, run)).damaged.map(({ key }) => key);
  expect(await damaged()).toEqual([]);
  const { digest, members } = plan.teacher;
  const embeddings = `embeddings/${plan.encoders[0]!.digest}/`;
  const expectDeletionsNoticed = async (deleted: readonly string[]) => {
    for (const key of deleted) {
      const bytes = readFileSync(join(results, key));
      rmSync(join(results, key));
      expect(await damaged(), key).toEqual([key]);
      writeFileSync(join(results, key), bytes);
    }
  };
  const ofLabels = [
    keys.mixture(digest),
    `${embeddings}${readdirSync(join(results, embeddings))[0]}`,
    `${keys.teacher(members[0]!.digest)}fold-0/student.json`,
  ];
  const encoders = [
    `${keys.student(run, 'lelp')}encoder/encoder.json`,
    `${keys.encoder(plan.encoders[0]!.files)}encoder.json`,
  ];
  await expectDeletionsNoticed([...ofLabels, ...encoders, keys.penalty(run)]);
  // A run that ends at the labels has no metrics, documents and publication.
  const ends = [keys.metrics, keys.documents, keys.publication].map((of) => join(results, of(run)));
  const written = ends.map((path) => readFileSync(path));
  for (const path of ends) rmSync(path);
  await expectDeletionsNoticed(ofLabels);
  for (const [index, path] of ends.entries()) writeFileSync(path, written[index]!);
}

/** Expects that the printed command mends a student's encoder, and the file that contains it. */
async function expectMended(made: Dataset, { run }: Job): Promise<void> {
  const folder = join(made.results, keys.student(run, 'lelp'));
  const encoder = readdirSync(join(folder, 'encoder/onnx'))[0]!;
  writeFileSync(join(folder, 'model.onnx'), 'damaged');
  rmSync(join(folder, 'encoder/onnx', encoder));
  const event = { run, ...made, execution: run };
  const { hint = '' } = await refusalOf(evaluateStudents(event, context));
  const [command = ''] = /rm -f .*/.exec(hint) ?? [];
  expect(command).toContain('model.onnx');
  expect(command).toContain(encoder);
  execSync(command);
  await finished(made);
  const store = await openStore(made.results, 'time');
  expect(await verifyRun(store, run)).toMatchObject({ damaged: [], unchecked: [] });
}

test('ngrams and heads label texts together, for a head', async () => {
  const made = makeTexts();
  const first = await finishedWith(made, 1000, {
    ...{ teacher: `{ train: [${ngrams}, ${linear}, ${mlp}] }`, student: linear },
    ...{ method: 'lelp', compare: '[relabel]', relabel: '{ rounds: 1 }' },
  });
  expect(first.metrics.models.teacher!.accuracy.value).toBeGreaterThan(0.7);
  const names = ['ngrams', 'linear head on tiny', 'mlp head on tiny'];
  expect(first.teachers!.members.map(({ name }) => name)).toEqual(names);
  expect(first.job.plan.encoders).toHaveLength(1);
  expect(first.job.plan.warnings).toContainEqual(
    expect.stringMatching(/^No file of .* states its pooling, and the mean of its tokens is the/),
  );
  // Among them a student of subclasses.
  expectHeldOut(first);
  // The student is a linear head: cross-validation chose its penalty, and labels-only is logistic.
  const penalty = await readPenalty(first.job);
  expect(penalty!.strength).toBeGreaterThan(0);
  expect(penalty!.scale).toBeGreaterThan(0);
  const labelsOnly = first.baselines.find(({ name }) => name === 'labels-only')!;
  expect(labelsOnly.description).toContain('it is the same model as logistic');
  expect(first.metrics.models['labels-only']).toBeUndefined();
  // None has more than the maximum of 12 tokens.
  expect(first.truncated).toBeUndefined();
  const student = await loadStudent(join(made.results, keys.student(first.job.run, 'lelp')));
  const [answer] = await student.predict(['the film was good']);
  expect(answer!.probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  student.dispose();
  await expectNoticed(made, first.job);
  await expectMended(made, first.job);

  // The student in use reads texts as in its own run: the next one cuts them.
  const { digest } = first.job.plan.encoders[0]!;
  const files = () =>
    readdirSync(join(made.results, 'embeddings', digest)).map((name) =>
      readFileSync(join(made.results, 'embeddings', digest, name)),
    );
  const before = files();
  rmSync(join(made.results, 'embeddings'), { recursive: true });
  const second = await finishedWith(made, 3, {
    ...{ teacher: `{ train: ${ngrams} }`, student: ngrams, method: 'uniform', compare: '[]' },
  });
  expectHeldOut(second);
  expect(await readPenalty(second.job)).toBeUndefined();
  const [embedded, ...others] = files();
  expect(others).toEqual([]);
  expect(before).toContainEqual(embedded);
  expect(second.metrics.models.current).toEqual(first.metrics.models.lelp);
});
