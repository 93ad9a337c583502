import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findRun, newestRuns } from '../../src/aws/runs.ts';
import { type RunStatus, StatusReader } from '../../src/aws/status.ts';
import { stageNames } from '../../src/cli/deployed-run.ts';
import { readWorkflow } from '../../src/engines/workflow.ts';
import { UserError } from '../../src/errors.ts';
import { openStore } from '../../src/store/open.ts';
import { executionOf, FakeAws, machine } from '../support/fake-aws.ts';
import { sealedText } from '../support/put.ts';
import { beganAt, labelMapRun, Recording, weighMapRun } from './histories.ts';

const run = 'digits-2f7a91c04be3';
const stages = stageNames(readWorkflow());
const set = (shards: number) => ({ shards, bytes: shards });
const planFile = {
  variants: [{ name: 'weighted' }, { name: 'uniform' }, { name: 'hard' }],
  sets: { labeled: set(1), validation: set(1), test: set(2), unlabeled: set(49_996) },
  estimate: {
    bill: {
      lines: [],
      totalUsd: 12.5,
      pricesAsOf: '2026-11-25',
      region: 'us-east-1',
      notes: [],
    },
  },
};

let aws: FakeAws;
beforeEach(async () => {
  aws = new FakeAws();
  await aws.start();
});
afterEach(() => aws.stop());

function execute({ events }: Recording, failure = {}): void {
  const { type, timestamp } = events.at(-1)!;
  const status = /^Execution(Succeeded|Failed|Aborted)/.exec(type)?.[1]?.toUpperCase();
  aws.executions.set(run, {
    ...failure,
    ...(status ? { status, stopDate: timestamp } : { status: 'RUNNING' }),
    startDate: beganAt,
    events,
  });
}

async function reader(): Promise<StatusReader> {
  return new StatusReader(await openStore('s3://results'), await findRun(machine, run), stages);
}

async function read(): Promise<RunStatus> {
  return (await reader()).read();
}

function statesOf({ stages: all }: RunStatus): Record<string, string> {
  return Object.fromEntries(all.map(({ name, state }) => [name, state]));
}

function put(name: string, value: object): void {
  const key = `runs/${run}/${name}`;
  aws.objects.set(key, sealedText(value, key));
}

test('the stages are those of the workflow, in its order', () => {
  expect(stages).toEqual([
    'Plan',
    'Encode',
    'Train teacher',
    'Calibrate',
    'Label',
    'Reconcile',
    'Warm up',
    'Weigh',
    'Train variants',
    'Evaluate',
    'Publish',
  ]);
});

describe('a run at its shards', () => {
  test('is read with a few calls, however many shards there are', async () => {
    execute(new Recording().plan().enterShards('Label', labelMapRun));
    aws.mapRuns.set(labelMapRun, {
      pending: 37_557,
      running: 100,
      succeeded: 12_340,
      failed: 2,
      timedOut: 1,
      total: 50_000,
    });
    put('plan.json', planFile);
    const status = await read();
    expect(statesOf(status)).toMatchObject({
      Plan: 'done',
      Encode: 'skipped',
      'Train teacher': 'skipped',
      Label: 'running',
      Reconcile: 'waiting',
    });
    expect(status.stages[4]?.shards).toEqual({
      done: 12_340,
      failed: 3,
      running: 100,
      total: 50_000,
    });
    expect(status).toMatchObject({ status: 'RUNNING', attempt: 1, estimatedUsd: 12.5 });
    // Two of the run's attempts, to find the newest, which then is the third.
    expect(aws.count('DescribeExecution')).toBe(3);
    expect(aws.count('GetExecutionHistory') + aws.count('DescribeMapRun')).toBe(2);
    expect(aws.count('ListObjectVersions')).toBe(0);
  });

  test('has the planned total where only what began is counted', async () => {
    execute(new Recording().plan().enterShards('Label', labelMapRun));
    aws.mapRuns.set(labelMapRun, { succeeded: 3, running: 2, total: 5 });
    put('plan.json', planFile);
    expect((await read()).stages[4]?.shards).toMatchObject({ done: 3, total: 50_000 });
  });

  test('reads the counts of an ended map only once', async () => {
    execute(
      new Recording().plan().shards('Label', labelMapRun, 60).task('Reconcile', 1).enter('Warm up'),
    );
    aws.mapRuns.set(labelMapRun, { succeeded: 5, total: 5 });
    const status = await reader();
    await status.read();
    await status.read();
    expect(aws.count('DescribeMapRun')).toBe(1);
  });

  test('is read in spite of throttling', async () => {
    execute(new Recording().plan().enterShards('Label', labelMapRun));
    aws.mapRuns.set(labelMapRun, { succeeded: 5, total: 5 });
    aws.faults.set('GetExecutionHistory', ['ThrottlingException']);
    aws.faults.set('DescribeMapRun', ['TooManyRequestsException']);
    expect((await read()).stages[4]?.shards?.done).toBe(5);
    expect(aws.count('GetExecutionHistory')).toBe(2);
  });
});

test('students are listed by name', async () => {
  execute(
    new Recording()
      .enterTraining(3)
      .iteration('Started', 0)
      .enter('Train in function')
      .exit('Train in function')
      .iteration('Succeeded', 0)
      .iteration('Started', 1),
  );
  aws.mapRuns.set(labelMapRun, {}).set(weighMapRun, {});
  put('plan.json', planFile);
  const status = await read();
  expect(statesOf(status)).toMatchObject({ Weigh: 'done', 'Train variants': 'running' });
  expect(status.stages[8]?.students).toEqual([
    { name: 'weighted', state: 'done' },
    { name: 'uniform', state: 'training' },
    { name: 'hard', state: 'waiting' },
  ]);
});

test('a history of many pages is read to its end', async () => {
  const recording = new Recording().enterTraining(1);
  for (let retries = 0; retries < 2500; retries++) recording.add('TaskFailed');
  aws.mapRuns.set(labelMapRun, {}).set(weighMapRun, {});
  execute(recording.exit('Train variants', 'Map').task('Evaluate', 1));
  expect(statesOf(await read())).toMatchObject({ 'Train variants': 'done', Evaluate: 'done' });
  expect(aws.count('GetExecutionHistory')).toBe(3);
});

test('a finished run reports whether its student was published', async () => {
  execute(new Recording().success());
  aws.mapRuns.set(labelMapRun, {}).set(weighMapRun, {});
  put('publication.json', { published: false, reason: 'not better' });
  const status = await read();
  expect(status).toMatchObject({ status: 'SUCCEEDED', failure: undefined });
  expect(status.publication).toEqual({ published: false, reason: 'not better' });
  expect(status.endedAt).toEqual(new Date((beganAt + 213) * 1000));
});

describe('a run that failed', () => {
  const failure = {
    error: 'UserError',
    cause: JSON.stringify({ errorMessage: 'Warm up: no\n\nDo.' }),
  };
  const failing = () =>
    new Recording().plan().shards('Label', labelMapRun, 60).task('Reconcile', 1).enter('Warm up');

  test('has the error of the task that failed', async () => {
    execute(failing().add('TaskFailed').fail(), failure);
    aws.mapRuns.set(labelMapRun, { succeeded: 5, total: 5 });
    const status = await read();
    expect(statesOf(status)).toMatchObject({ 'Warm up': 'failed', Weigh: 'waiting' });
    expect(status.failure).toMatchObject({
      stage: 'Warm up',
      error: 'UserError',
      message: 'no',
      hint: 'Do.',
    });
  });

  test('has the error of its newest execution', async () => {
    const earlier = new Recording().enter('Plan').add('TaskFailed').fail();
    execute(earlier, failure);
    const { events } = new Recording().plan().shards('Label', labelMapRun, 60).fail();
    aws.mapRuns.set(labelMapRun, {});
    aws.executions.set(`${run}-attempt-2`, {
      ...{ status: 'FAILED', startDate: beganAt + 1, stopDate: beganAt + 70, events },
      error: 'Lambda.Unknown',
      cause: '{"errorMessage":"Reconcile: no bucket\\n\\nMake it."}',
    });
    const status = await read();
    expect(status).toMatchObject({ attempt: 2, status: 'FAILED' });
    expect(status.failure).toMatchObject({
      error: 'Lambda.Unknown',
      message: 'no bucket',
      hint: 'Make it.',
    });
  });

  test('and is redriven continues in the stage that failed, and has no failure', async () => {
    const redriven = failing().add('TaskFailed').fail().add('ExecutionRedriven');
    execute(redriven.add('TaskScheduled'), failure);
    aws.mapRuns.set(labelMapRun, {});
    const status = await read();
    expect(statesOf(status)).toMatchObject({ 'Warm up': 'running', Weigh: 'waiting' });
    expect(status.failure).toBeUndefined();
  });

  test('on a shard has the cause of the first failed execution', async () => {
    execute(
      new Recording()
        .plan()
        .enterShards('Label', labelMapRun)
        .after(9)
        .add('MapRunFailed')
        .add('MapStateFailed')
        .fail(),
      {
        error: 'States.ExceedToleratedFailureThreshold',
        cause: 'The specified tolerated failure threshold was exceeded',
      },
    );
    aws.mapRuns.set(labelMapRun, { succeeded: 1, failed: 1, aborted: 3, total: 5 });
    const child = (id: string, stopDate: number) => ({
      status: 'FAILED',
      startDate: beganAt,
      stopDate: beganAt + stopDate,
      input: JSON.stringify({ run, shard: { id } }),
      error: 'UserError',
      cause: JSON.stringify({ errorMessage: `Label: ${id} has changed\n\nStart a new run.` }),
    });
    aws.children.set(
      labelMapRun,
      new Map([
        ['later', child('ffff', 8)],
        ['first', child('ab12', 5)],
        ['well', { ...child('cd34', 2), status: 'SUCCEEDED' }],
      ]),
    );
    const status = await read();
    expect(status.failure).toMatchObject({
      stage: 'Label',
      part: 'ab12',
      error: 'UserError',
      message: 'ab12 has changed',
      hint: 'Start a new run.',
      endedAt: new Date((beganAt + 5) * 1000),
    });
    expect(status.stages[4]?.shards?.failed).toBe(1);
  });

  test('on a student names it', async () => {
    execute(
      new Recording()
        .enterTraining(3)
        .iteration('Started', 0)
        .iteration('Started', 1)
        .iteration('Failed', 1)
        .iteration('Aborted', 0)
        .add('MapStateFailed')
        .fail(),
      failure,
    );
    aws.mapRuns.set(labelMapRun, {}).set(weighMapRun, {});
    put('plan.json', planFile);
    expect((await read()).failure).toMatchObject({ stage: 'Train variants', part: 'uniform' });
  });

  test('because it was refused has the reason of its record', async () => {
    execute(new Recording().enter('Plan').add('TaskFailed').fail());
    const refused = { message: 'there is no distill.yaml', hint: 'Put one.' };
    put('run.json', { run, dataset: 's3://data/digits', refused });
    const status = await read();
    expect(status.dataset).toBe('s3://data/digits');
    expect(status.failure).toMatchObject({ stage: 'Plan', ...refused });
  });

  test('of a stopped run is reported before its history has it', async () => {
    const { events } = failing();
    const stopped = { status: 'ABORTED', startDate: beganAt, stopDate: beganAt + 80 };
    aws.executions.set(run, { ...stopped, events });
    aws.mapRuns.set(labelMapRun, {});
    const status = await read();
    expect(status).toMatchObject({ status: 'ABORTED' });
    expect(statesOf(status)).toMatchObject({ 'Warm up': 'aborted' });
    const endedAt = new Date((beganAt + 80) * 1000);
    expect(status.failure).toMatchObject({ stage: 'Warm up', message: 'it was stopped', endedAt });
    aws.executions.set(run, { ...stopped, events, cause: 'stopped by counterweight stop' });
    expect((await read()).failure?.message).toBe('stopped by counterweight stop');
  });

  test('on a shard is reported even if executions of shards are not listed', async () => {
    const failed = new Recording().plan().enterShards('Label', labelMapRun).add('MapRunFailed');
    execute(failed.fail(), failure);
    aws.mapRuns.set(labelMapRun, { failed: 1, total: 5 });
    aws.hasInternalError.add('ListExecutions');
    expect((await read()).failure).toMatchObject({ stage: 'Label', message: 'no' });
    expect(aws.count('ListExecutions')).toBeLessThan(4);
  });
});

test.each([
  [
    'digits-2f7a91c04be4',
    `Did you mean ${run}? The newest runs are listed by: counterweight status`,
  ],
  ['no run/at all', 'The newest runs are listed by: counterweight status'],
])('%j, which is not a run, gets a suggestion', async (name, hint) => {
  execute(new Recording());
  const error = new UserError(`there is no run "${name}"`, hint);
  await expect(findRun(machine, name)).rejects.toEqual(error);
});

test('a run that is about to start is waited for', async () => {
  const found = findRun(machine, run, 60_000);
  await vi.waitUntil(() => aws.count('DescribeExecution') > 0);
  execute(new Recording());
  expect(await found).toMatchObject({ run, attempt: 1, status: 'RUNNING' });
});

test('the newest runs are listed once each, by their newest attempt', async () => {
  const at = (startDate: number) => ({ status: 'FAILED', startDate });
  aws.executions.set('a-1', at(1)).set('b-1', at(2)).set('a-1-attempt-2', at(3)).set('c-1', at(0));
  const runs = await newestRuns(machine, 2);
  expect(runs.map(({ run: name, arn }) => [name, arn])).toEqual([
    ['a-1', executionOf('a-1-attempt-2')],
    ['b-1', executionOf('b-1')],
  ]);
});
