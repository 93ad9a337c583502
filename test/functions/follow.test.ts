/** The events of runs, and of the clock, as EventBridge sends them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { createFollowHandler } from '../../functions/follow.ts';
import { executionArn } from '../../src/aws/executions.ts';
import { startInTurn, turnSchema } from '../../src/aws/turn.ts';
import { keys } from '../../src/run/keys.ts';
import { startWaiting } from '../../src/stages/start.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { startFakeStepFunctions } from '../support/fake-step-functions.ts';
import { makeResults } from '../support/results.ts';

const machine = 'arn:aws:states:us-east-1:123456789012:stateMachine:counterweight';
const stepFunctions = await startFakeStepFunctions();
const context = { signal: new AbortController().signal, report: () => {} };

let data: string;
let results: string;
beforeEach(() => {
  stepFunctions.executions.clear();
  const { path } = makeResults();
  [data, results] = [join(path, 'wine'), join(path, 'results')];
  mkdirSync(data);
  vi.stubEnv('RESULTS', results);
  vi.stubEnv('STATE_MACHINE', machine);
});

/** Completes a batch of the dataset, whose run starts or waits. The config is missing. */
async function complete(batch: string): Promise<string> {
  mkdirSync(join(data, 'unlabeled', batch), { recursive: true });
  writeFileSync(join(data, 'unlabeled', batch, '_SUCCESS'), '');
  const started = (await startWaiting(data, results))!;
  await startInTurn(machine, started);
  return started.run;
}

function follow(name: string, status: string, redriveCount = 0): Promise<unknown> {
  const arn = executionArn(machine, name);
  const detail = { executionArn: arn, stateMachineArn: machine, name, status, redriveCount };
  const event = {
    version: '0',
    id: '315c1398-40ff-a850-213b-158f73e60175',
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    resources: [arn],
    detail: { ...detail, startDate: 1, stopDate: 2, input: '{}', output: null },
  };
  return createFollowHandler()(event, context);
}

const hour = {
  version: '0',
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  resources: ['arn:aws:events:us-east-1:123456789012:rule/Hourly'],
  detail: {},
};

function set(run: string, status: string, more = {}): void {
  Object.assign(stepFunctions.executions.get(executionArn(machine, run))!, { status, ...more });
}

const holder = async () =>
  (await readJson(await openStore(results), keys.turn('wine'), turnSchema)).holder?.run;

test('the end of a run starts the run of the batches that wait', async () => {
  const first = await complete('monday');
  const second = await complete('tuesday');
  expect(await follow(first, 'RUNNING')).toEqual({ started: [] });
  set(first, 'FAILED');
  expect(await follow(first, 'FAILED')).toEqual({ started: [second] });
  expect(await follow(first, 'FAILED')).toEqual({ started: [] });
  set(second, 'SUCCEEDED');
  expect(await follow(second, 'SUCCEEDED')).toEqual({ started: [] });
  expect(await holder()).toBeUndefined();
});

test('so does the clock, if the event was lost', async () => {
  const first = await complete('monday');
  const second = await complete('tuesday');
  expect(await createFollowHandler()(hour, context)).toEqual({ started: [] });
  set(first, 'SUCCEEDED');
  expect(await createFollowHandler()(hour, context)).toEqual({ started: [second] });
});

test('an event that is ahead of Step Functions is retried', async () => {
  const run = await complete('monday');
  await expect(follow(run, 'SUCCEEDED')).rejects.toMatchObject({ name: 'TransientError' });
  expect(await holder()).toBe(run);
});

test('a run that is redriven has the turn again, and the event of its first end is late', async () => {
  const run = await complete('monday');
  set(run, 'FAILED');
  await follow(run, 'FAILED');
  set(run, 'RUNNING', { redriveCount: 1 });
  await follow(run, 'RUNNING', 1);
  expect(await follow(run, 'FAILED')).toEqual({ started: [] });
  expect(await holder()).toBe(run);
});
