import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findDeployment } from '../../src/aws/deployment.ts';
import { fetchLabels, fetchStudent } from '../../src/aws/fetch.ts';
import { parseConfig } from '../../src/config/load.ts';
import { sha256 } from '../../src/digest.ts';
import type { StudentDescription } from '../../src/models/student-description.ts';
import { reconcileLabels } from '../../src/stages/reconcile.ts';
import { FakeAws } from '../support/fake-aws.ts';
import { plannedRun } from '../support/planned-run.ts';
import { sealedText } from '../support/put.ts';
import { refusalOf } from '../support/refusal.ts';

const run = 'digits-0123456789ab';
const dataset = 's3://data/digits';
const config = parseConfig(
  `task: { type: vector-classification, classes: [cat, dog], length: 2 }
data: { format: csv }
teacher: { onnx: teacher/model.onnx }
student: { architecture: mlp }`,
  'distill.yaml',
);
const student = ['MODEL.md', 'model.json', 'student.json', 'weights.bin'];
/** The files of the run whose damage makes a copy worthless. */
const copied = [
  'report.html',
  'metrics.json',
  ...student.map((file) => `students/weighted/${file}`),
];

const description: StudentDescription = {
  classes: ['cat', 'dog'],
  features: { kind: 'text', maxCharacters: 100 },
  createdBy: 'test',
};

let aws: FakeAws;
let folder: string;
beforeEach(async () => {
  aws = new FakeAws();
  await aws.start();
  folder = mkdtempSync(join(tmpdir(), 'counterweight-fetch-'));
});
afterEach(() => {
  aws.stop();
  rmSync(folder, { recursive: true });
});

function put(name: string, body: string): void {
  aws.objects.set(`runs/${run}/${name}`, body);
}

function putSealed(name: string, value: object): void {
  put(name, sealedText(value, `runs/${run}/${name}`));
}

function putRecord(): void {
  putSealed('run.json', { run, dataset, config });
}

function putRun(): void {
  putRecord();
  const set = { shards: 1, bytes: 1 };
  const sets = { labeled: set, validation: set, test: set, unlabeled: set };
  const variants = [{ name: 'weighted' }, { name: 'uniform' }];
  putSealed('plan.json', { variants, sets });
  put('report.html', '<html>');
  putSealed('metrics.json', {});
  const documents: Record<string, string> = { [`runs/${run}/report.html`]: sha256('<html>') };
  for (const variant of ['weighted', 'uniform']) {
    const text = (file: string) => `${variant} ${file}`;
    const files = {
      'model.json': sha256(text('model.json')),
      'weights.bin': sha256(text('weights.bin')),
    };
    for (const file of student) put(`students/${variant}/${file}`, text(file));
    put(`students/${variant}/student.json`, sealedText({ ...description, files }));
    documents[`runs/${run}/students/${variant}/MODEL.md`] = sha256(text('MODEL.md'));
  }
  putSealed('documents.json', { files: documents });
  put('publication.json', '{}');
}

async function fetch(name = run, to = folder) {
  return fetchStudent(await findDeployment(), name, to);
}

const refusal = (name = run) => refusalOf(fetch(name));

describe('fetch', () => {
  test("copies the student of the config's method, report and metrics, and nothing else", async () => {
    putRun();
    expect(await fetch()).toEqual({ run, variant: 'weighted', folder });
    expect(readdirSync(folder).sort()).toEqual(['metrics.json', 'report.html', 'student']);
    expect(readdirSync(join(folder, 'student')).sort()).toEqual(student);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toBe('<html>');
    expect(readFileSync(join(folder, 'student/weights.bin'), 'utf8')).toBe('weighted weights.bin');
  });

  test("a dataset's name brings its student in use", async () => {
    putRun();
    const current = { run, variant: 'uniform', student: `runs/${run}/students/uniform/` };
    const key = 'students/digits/CURRENT';
    aws.objects.set(key, sealedText(current, key));
    const byName = await fetch('digits');
    expect(byName).toEqual({ run, variant: 'uniform', folder });
    expect(readFileSync(join(folder, 'student/model.json'), 'utf8')).toBe('uniform model.json');
    expect(await fetch('s3://data/digits')).toEqual(byName);
  });

  const damages: Record<string, (key: string, text: string) => void> = {
    'a flipped bit': (key, text) => {
      const middle = Math.floor(text.length / 2);
      const flipped = String.fromCharCode(text.charCodeAt(middle) ^ 1);
      aws.objects.set(key, text.slice(0, middle) + flipped + text.slice(middle + 1));
    },
    'a cut file': (key, text) => aws.objects.set(key, text.slice(0, -2)),
    'a deletion': (key) => aws.objects.delete(key),
    'the file of another run': (key, text) => {
      const isJson = key.endsWith('.json') && !key.endsWith('/model.json');
      const other = key.replace(run, 'digits-ffffffffffff');
      aws.objects.set(key, isJson ? sealedText(JSON.parse(text), other) : `other ${text}`);
    },
  };

  test.each(Object.keys(damages).flatMap((kind) => copied.map((file) => [kind, file] as const)))(
    'copies nothing after %s of %s, and names the file and the command',
    async (kind, file) => {
      putRun();
      const key = `runs/${run}/${file}`;
      aws.executions.set(run, { status: 'SUCCEEDED', startDate: 1 });
      damages[kind]!(key, aws.objects.get(key)!);
      const { message, hint = '' } = await refusal();
      expect(readdirSync(folder)).toEqual([]);
      expect(message).toContain(`s3://results/${key}`);
      const removed = [...hint.matchAll(/aws s3 rm 's3:\/\/results\/runs\/.*?\/(.*?)'/g)];
      expect(hint).toContain(`aws s3 rm 's3://results/${key}'`);
      expect(hint).toMatch(new RegExp(`&& counterweight start ${run}$`));
      // `start` finds that they are missing. Publish does not move the pointer again.
      const names = removed.map(([, name]) => name);
      expect(names).toContain('documents.json');
      expect(names).not.toContain('publication.json');
      const isTrained = file.startsWith('students/') && !file.endsWith('.md');
      const trained = student.map((name) => `students/weighted/${name}`);
      if (isTrained) expect(names).toEqual(expect.arrayContaining(['metrics.json', ...trained]));
    },
  );

  test('resumes after a stop', async () => {
    putRun();
    await fetch();
    rmSync(join(folder, 'report.html'));
    rmSync(join(folder, 'student/weights.bin'));
    await fetch();
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toBe('<html>');
    expect(existsSync(join(folder, 'student/weights.bin'))).toBe(true);
  });

  test('never overwrites what is not its own', async () => {
    putRun();
    writeFileSync(join(folder, 'metrics.json'), 'mine');
    expect((await refusal()).message).toContain(join(folder, 'metrics.json'));
    expect(readFileSync(join(folder, 'metrics.json'), 'utf8')).toBe('mine');
  });

  test.each([
    ['no execution', undefined, /has not been started/, `counterweight start ${run}`],
    ['RUNNING', 'RUNNING', /is not done yet/, `counterweight status ${run} --watch`],
    ['FAILED', 'FAILED', /it is FAILED/, `counterweight logs ${run}`],
    ['ABORTED', 'ABORTED', /it is ABORTED/, `counterweight start ${run}`],
  ])('a run that is not done is refused by its state: %s', async (_, status, message, next) => {
    putRecord();
    if (status) aws.executions.set(run, { status, startDate: 1 });
    const { message: text, hint } = await refusal();
    expect(text).toMatch(message);
    expect(hint).toContain(next);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('so is one whose report is not there yet', async () => {
    putRun();
    aws.objects.delete(`runs/${run}/documents.json`);
    aws.executions.set(run, { status: 'RUNNING', startDate: 1 });
    expect((await refusal()).message).toBe(`run ${run} is not done yet`);
  });

  test('a run that ended with its labels has no student, but labels', async () => {
    putRecord();
    const input = JSON.stringify({ until: 'labels' });
    aws.executions.set(run, { status: 'SUCCEEDED', startDate: 1, input });
    const { message, hint } = await refusal();
    expect(message).toBe(`run ${run} has labels, and no student`);
    expect(hint).toContain(`counterweight fetch ${run} --labels`);
  });

  test('copies the labels of a run', async () => {
    const { event, job, context, label } = await plannedRun({
      teacher: '{ train: { architecture: mlp }, calibrate: false }',
    });
    const deployed = { ...(await findDeployment()), results: event.results };
    const copy = () => fetchLabels(deployed, job.run, { to: folder, format: 'jsonl' });
    await expect(copy()).rejects.toThrow('has not been started');
    await label(() => ({ prediction: 0, probability: 0.9 }));
    await reconcileLabels(event, context);
    expect(await copy()).toMatchObject({ run: job.run, labeled: 58, folder, format: 'jsonl' });
    expect(readdirSync(folder)).toContain('labels-00000-of-00002.jsonl');
  });

  test('the newest attempt counts', async () => {
    putRecord();
    aws.executions.set(run, { status: 'FAILED', startDate: 1 });
    aws.executions.set(`${run}-attempt-2`, { status: 'RUNNING', startDate: 2 });
    expect((await refusal()).message).toBe(`run ${run} is not done yet`);
  });

  test('a refused run reports the reason', async () => {
    const refused = { message: 'there is no distill.yaml', hint: 'Write one.' };
    putSealed('run.json', { run, dataset, refused });
    const { message, hint } = await refusal();
    expect({ message, hint }).toEqual({
      message: `run ${run} was refused: there is no distill.yaml`,
      hint: 'Write one.',
    });
  });

  test('a name that nothing has suggests a run that it is near to', async () => {
    aws.executions.set(run, { status: 'SUCCEEDED', startDate: 1 });
    const { message, hint } = await refusal('digits-0123456789ac');
    expect(message).toContain('there is no run "digits-0123456789ac", and no dataset');
    expect(hint).toContain(`Did you mean ${run}?`);
  });
});
