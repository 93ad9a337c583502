import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { newestAttempt, runOf } from '../../src/aws/executions.ts';
import { startOrResume } from '../../src/aws/start-or-resume.ts';
import { keys } from '../../src/run/keys.ts';
import type { StartedRun } from '../../src/stages/start.ts';
import { startFakeStepFunctions } from '../support/fake-step-functions.ts';
import { put } from '../support/put.ts';
import { makeResults } from '../support/results.ts';

const machine = 'arn:aws:states:us-east-1:000000000000:stateMachine:counterweight';
const run = 'digits-0123456789ab';
const fake = await startFakeStepFunctions();

let started: StartedRun;
beforeEach(() => {
  fake.executions.clear();
  started = { run, dataset: 's3://data/digits', results: makeResults().path };
});

function arn(name: string): string {
  return `${machine.replace('stateMachine', 'execution')}:${name}`;
}

/** Puts last results of stages, without their content. */
async function putResults(
  ...names: ('plan' | 'reconcile' | 'metrics' | 'documents' | 'publication')[]
) {
  for (const name of names) await put(started.results, keys[name](run));
}

test('the first execution of a run has its name', async () => {
  expect(await newestAttempt(machine, run)).toBeUndefined();
  expect(await startOrResume(machine, started)).toEqual({ state: 'started', attempt: 1 });
  expect([...fake.executions.keys()]).toEqual([arn(run)]);
});

test('a running execution is left alone', async () => {
  await startOrResume(machine, started);
  expect(await startOrResume(machine, started)).toEqual({ state: 'running', attempt: 1 });
  expect(fake.executions.size).toBe(1);
});

test.each(['FAILED', 'ABORTED', 'TIMED_OUT'])('after %s comes the next attempt', async (status) => {
  await startOrResume(machine, started);
  fake.executions.get(arn(run))!.status = status;
  expect(await startOrResume(machine, started)).toEqual({ state: 'started', attempt: 2 });
  const second = arn(`${run}-attempt-2`);
  expect(await newestAttempt(machine, run)).toMatchObject({ run, attempt: 2, arn: second });
  expect(JSON.parse(String(fake.executions.get(second)!.input))).toEqual({
    ...started,
    execution: second,
  });
  fake.executions.get(second)!.status = status;
  expect(await startOrResume(machine, started)).toEqual({ state: 'started', attempt: 3 });
});

test('what is done stays done', async () => {
  await startOrResume(machine, started);
  fake.executions.get(arn(run))!.status = 'FAILED';
  await startOrResume(machine, started);
  fake.executions.get(arn(`${run}-attempt-2`))!.status = 'SUCCEEDED';
  await putResults('plan', 'reconcile', 'metrics', 'documents', 'publication');
  expect(await startOrResume(machine, started)).toEqual({ state: 'done', attempt: 2 });
});

test.each(['plan', 'reconcile', 'metrics', 'documents', 'publication'] as const)(
  'a run that has ended and lost its %s is started again',
  async (lost) => {
    await startOrResume(machine, started);
    fake.executions.get(arn(run))!.status = 'SUCCEEDED';
    await putResults('plan', 'reconcile', 'metrics', 'documents', 'publication');
    expect(await startOrResume(machine, started)).toMatchObject({ state: 'done' });
    rmSync(join(started.results, keys[lost](run)));
    expect(await startOrResume(machine, started)).toEqual({ state: 'started', attempt: 2 });
  },
);

test('labels are enough for labels, and not for a student', async () => {
  const labels = { ...started, until: 'labels' } as const;
  const first = { attempt: 1, until: 'labels' };
  expect(await startOrResume(machine, labels)).toEqual({ state: 'started', ...first });
  expect(await startOrResume(machine, started)).toEqual({ state: 'running', ...first });
  fake.executions.get(arn(run))!.status = 'SUCCEEDED';
  await putResults('plan', 'reconcile');
  expect(await startOrResume(machine, labels)).toEqual({ state: 'done', ...first });
  expect(await startOrResume(machine, started)).toEqual({ state: 'started', attempt: 2 });
  fake.executions.get(arn(`${run}-attempt-2`))!.status = 'SUCCEEDED';
  expect(await startOrResume(machine, labels)).toEqual({ state: 'done', attempt: 2 });
});

test('throttling ends nothing', async () => {
  fake.failures.push('ThrottlingException');
  expect(await startOrResume(machine, started)).toEqual({ state: 'started', attempt: 1 });
});

test('the run of an execution is in its name', () => {
  expect(runOf(run)).toBe(run);
  expect(runOf(`${run}-attempt-12`)).toBe(run);
  // A dataset may have that name, and a digest may have no letter.
  expect(runOf('my-attempt-012345678901')).toBe('my-attempt-012345678901');
});
