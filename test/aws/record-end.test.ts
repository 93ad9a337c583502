import { beforeEach, expect, test } from 'vitest';
import { recordEnd } from '../../src/aws/record-end.ts';
import { startOrResume } from '../../src/aws/start-or-resume.ts';
import { UserError } from '../../src/errors.ts';
import { readFailure } from '../../src/run/failure-file.ts';
import { hideMessage } from '../../src/run/hidden-message.ts';
import { openStore } from '../../src/store/open.ts';
import { startFakeStepFunctions } from '../support/fake-step-functions.ts';
import { makeResults } from '../support/results.ts';

const machine = 'arn:aws:states:us-east-1:000000000000:stateMachine:counterweight';
const run = 'digits-0123456789ab';
const fake = await startFakeStepFunctions();

beforeEach(() => fake.executions.clear());

/** Starts the next execution of the run, which ends at once. @returns the event of its end. */
async function attempt(results: string, status: string, error = {}) {
  const { attempt } = await startOrResume(machine, { run, dataset: '/data/digits', results });
  const name = attempt === 1 ? run : `${run}-attempt-${attempt}`;
  const executionArn = `${machine.replace('stateMachine', 'execution')}:${name}`;
  Object.assign(fake.executions.get(executionArn)!, { status, ...error });
  return { executionArn, name, redriveCount: 0 };
}

const mistake = {
  error: 'UserError',
  cause: JSON.stringify({ errorMessage: 'Reconcile: too many\nbad examples\n\nMend them.' }),
};

test.each([
  [
    'FAILED',
    mistake,
    {
      stage: 'Reconcile',
      error: 'UserError',
      message: 'too many\nbad examples',
      hint: 'Mend them.',
    },
  ],
  ['TIMED_OUT', {}, { error: 'TIMED_OUT', message: 'it took longer than the workflow allows' }],
  ['ABORTED', {}, { stage: 'Workflow', error: 'ABORTED', message: 'it was stopped' }],
])('a run that is %s has its reason', async (status, error, recorded) => {
  const { path } = makeResults();
  const end = await attempt(path, status, error);
  await recordEnd(machine, end, path);
  await recordEnd(machine, end, path);
  const failure = await readFailure(await openStore(path), run);
  expect(failure).toMatchObject({ run, execution: end.executionArn, ...recorded });
});

test('the reason is the message that the failed task has stored', async () => {
  const { path } = makeResults();
  const error = new UserError('Plan: label canary is unknown\n\nCorrect it.');
  const { message } = await hideMessage(error, { stage: 'Plan', run, results: path });
  const cause = JSON.stringify({ errorMessage: message });
  await recordEnd(machine, await attempt(path, 'FAILED', { error: error.name, cause }), path);
  expect(await readFailure(await openStore(path), run)).toMatchObject({
    stage: 'Plan',
    error: 'UserError',
    message: 'label canary is unknown',
    hint: 'Correct it.',
  });
});

test('a run that succeeds has none, whatever event of it arrives last', async () => {
  const { path } = makeResults();
  const first = await attempt(path, 'FAILED', mistake);
  await recordEnd(machine, first, path);
  const second = await attempt(path, 'SUCCEEDED');
  for (const end of [second, first]) {
    await recordEnd(machine, end, path);
    expect(await readFailure(await openStore(path), run)).toBeUndefined();
  }
});

test('a run that is redriven keeps its reason until it succeeds', async () => {
  const { path } = makeResults();
  const results = await openStore(path);
  const end = await attempt(path, 'FAILED', mistake);
  await recordEnd(machine, end, path);
  const [execution] = fake.executions.values();
  Object.assign(execution!, { status: 'RUNNING', redriveCount: 1 });
  await recordEnd(machine, end, path);
  expect(await readFailure(results, run)).toMatchObject({ stage: 'Reconcile' });
  execution!.status = 'SUCCEEDED';
  await recordEnd(machine, { ...end, redriveCount: 1 }, path);
  expect(await readFailure(results, run)).toBeUndefined();
});

test('an event that arrives before Step Functions reports the end is retried', async () => {
  const { path } = makeResults();
  const end = await attempt(path, 'RUNNING');
  await expect(recordEnd(machine, end, path)).rejects.toMatchObject({ name: 'TransientError' });
});

test('the end of another execution is not recorded', async () => {
  const { path } = makeResults();
  const executionArn = `${machine.replace('stateMachine', 'execution')}:unknown`;
  await recordEnd(machine, { executionArn, name: 'unknown', redriveCount: 0 }, path);
  expect(await readFailure(await openStore(path), 'unknown')).toBeUndefined();
});
