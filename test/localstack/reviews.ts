/** The reviews, from upload to labels and students, on LocalStack and on the embedded engine. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportLabels } from '../../src/distill/export-labels.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import { ngramsWeightsFile } from '../../src/models/ngrams/names.ts';
import { openJob } from '../../src/run/job.ts';
import { openStore } from '../../src/store/open.ts';
import {
  counterweight,
  deployment,
  describeDeployed,
  ended,
  memoryUse,
  results,
  shardCounts,
  versionsOf,
} from './deployed.ts';
import { type EmbeddedRun, runEmbedded } from './embedded.ts';
import { outcome } from './outcome.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The example's teacher and a head on an encoder, with fewer folds than the default. */
const teachers = `teacher:
  train:
    - { architecture: ngrams, epochs: 30, batchSize: 32 }
    - { encoder: encoder, head: linear }
folds: 2
`;
const encoderStudent = `student: { encoder: encoder, head: linear, epochs: 2 }
method: uniform
compare: []
`;
/** Time for an execution on a busy machine, in ms. */
const timeout = 600_000;

describeDeployed('the reviews', () => {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-reviews-'));
  const dataset = join(folder, 'reviews');
  const local = { dataset, results: join(folder, 'results') };
  let config: string;
  let onLocalStack: Awaited<ReturnType<typeof ended>>;
  let embedded: EmbeddedRun;

  beforeAll(async () => {
    cpSync(join(root, 'examples/reviews'), dataset, { recursive: true });
    const encoder = join(root, 'test/fixtures/encoders/text');
    cpSync(encoder, join(dataset, 'encoder'), { recursive: true });
    config = shortened(readFileSync(join(dataset, 'distill.yaml'), 'utf8'));
    writeFileSync(join(dataset, 'distill.yaml'), config);
    const uploaded = await counterweight('upload', dataset, 'reviews');
    expect(uploaded, uploaded.stderr).toMatchObject({ code: 0 });
    const running = runEmbedded(dataset, local.results);
    await start('reviews', '--labels');
    onLocalStack = await ended('reviews');
    embedded = await running;
  }, timeout);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('with --labels, the run ends with the labels of the embedded engine', async () => {
    const { run, arn, status } = onLocalStack;
    expect(status).toBe('SUCCEEDED');
    expect(await shardCounts(arn)).toMatchObject(
      new Map(['Encode', 'Label'].map((name) => [name, { succeeded: 3 }])),
    );
    const to = join(folder, 'fetched-labels');
    const fetched = await counterweight('fetch', run, '--labels', '--to', to, '--json');
    expect(fetched, fetched.stderr).toMatchObject({ code: 0 });
    const exported = join(folder, 'exported-labels');
    const job = await openJob({ ...local, run: embedded.run, execution: embedded.run });
    const description = await exportLabels(job, { folder: exported, format: 'parquet' });
    // The encoder of the tests cannot read "nan".
    expect(description).toMatchObject({ labeled: 2399, quarantined: 1 });
    expect(JSON.parse(fetched.stdout)).toMatchObject({ ...description, run });
    const files = readdirSync(exported).filter((name) => name !== '_labels.json');
    expect(files).toHaveLength(2);
    for (const name of files) {
      const isEqual = readFileSync(join(to, name)).equals(readFileSync(join(exported, name)));
      expect(isEqual, name).toBe(true);
    }
  });

  test('start then trains and publishes the student, byte for byte as embedded', {
    timeout,
  }, async () => {
    await start(onLocalStack.run);
    const { run, status } = await ended('reviews', 2);
    const told = await counterweight('status', run);
    expect(status, told.stdout).toBe('SUCCEEDED');
    expect(told.stdout).toContain('the first student of this dataset');
    const here = await outcome(await openStore(local.results), embedded.run, ngramsWeightsFile);
    const there = await outcome(await results(), run, ngramsWeightsFile);
    expect(there).toEqual(here);
    expect(there.embeddings).toMatchObject([{ length: 3 }]);
  });

  test('another run encodes nothing again, and its student has the encoder', {
    timeout,
  }, async () => {
    const encoded = await versionsOf('embeddings/');
    expect(encoded).toHaveLength(3);
    const { dataBucket } = await deployment();
    const changed = config.replace(/^(student|method|relabel|compare):.*\n/gm, '') + encoderStudent;
    const data = await openStore(`s3://${dataBucket}/reviews`);
    await data.write('distill.yaml', Buffer.from(changed));
    await start('reviews');
    const { status, run } = await ended('reviews', 3);
    expect(status).toBe('SUCCEEDED');
    expect(await versionsOf('embeddings/')).toEqual(encoded);
    const to = join(folder, 'fetched');
    const fetched = await counterweight('fetch', run, '--to', to);
    expect(fetched, fetched.stderr).toMatchObject({ code: 0 });
    const student = await loadStudent(join(to, 'student'));
    const [prediction] = await student.predict(['The plot was good.']);
    expect(student.classes).toContain(prediction?.class);
    student.dispose();
  });

  test('no call so far has used more memory than its function has', async () => {
    expect(Math.max(...(await memoryUse()))).toBeLessThan(1);
  });
});

/** Changes the teacher, and shortens the training: this test does not compare accuracies. */
function shortened(example: string): string {
  const changes: [RegExp, string][] = [
    [/^teacher: .*\n/m, teachers],
    [/epochs: 6\b/, 'epochs: 2'],
    [/compare: \[uniform\]/, 'compare: []'],
  ];
  let text = example;
  for (const [long, short] of changes) {
    expect(text).toMatch(long);
    text = text.replace(long, short);
  }
  return text;
}

async function start(...args: string[]): Promise<void> {
  const started = await counterweight('start', ...args);
  expect(started, started.stderr).toMatchObject({ code: 0 });
}
