/** A run on this machine that fails, and then succeeds. */
import { beforeEach, expect, test, vi } from 'vitest';
import { reportFailure } from '../../src/cli/failure.ts';
import { execute } from '../../src/engines/execute.ts';
import type { PoolOptions } from '../../src/engines/pool.ts';
import { TransientError, UserError } from '../../src/errors.ts';
import { readFailure } from '../../src/run/failure-file.ts';
import { openStore } from '../../src/store/open.ts';
import { FakeTerminal } from '../cli/terminals.ts';
import { makeResults } from '../support/results.ts';

const invoke = vi.fn<(task: string) => Promise<unknown>>();
vi.mock('../../src/engines/pool.ts', () => ({
  createPool: (options: PoolOptions) => {
    advice = options.advice;
    return { invoke, stop: async () => {} };
  },
}));
let advice: PoolOptions['advice'] | undefined;

beforeEach(() => invoke.mockReset());

const run = 'digits-1';

/** Runs the workflow up to its labels, without shards. */
async function labels(results: string, workers = 2) {
  await (await openStore(results)).write('shards.json', Buffer.from('[]'));
  const job = { run, dataset: '/data/digits', results, execution: run, until: 'labels' } as const;
  return execute(job, { workers });
}

const answer = (task: string, results: string) =>
  task === 'Plan'
    ? {
        ...{ bucket: results, shards: 'shards.json', unlabeled: 'shards.json', variants: [] },
        ...{ encode: false, trainTeacher: false, trainStudents: false, concurrency: 1 },
      }
    : null;

const named = (name: string, message: string) => Object.assign(new Error(message), { name });

/** Returns the error of a run that is retried after 0 s, the shortest time of the jitter. */
async function withoutWaits(call: () => Promise<unknown>): Promise<unknown> {
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const error = await call().catch((reason: unknown) => reason);
  vi.mocked(Math.random).mockRestore();
  return error;
}

test('a failure is recorded with its stage and what to do, until the run succeeds', async () => {
  const { path } = makeResults();
  const results = await openStore(path);
  invoke.mockImplementation(async (task) => {
    if (task !== 'Reconcile') return answer(task, path);
    throw named('UserError', 'Reconcile: too many\nbad examples\n\nMend them.');
  });
  const mistake = await labels(path).catch((error: unknown) => error);
  expect(mistake).toBeInstanceOf(UserError);
  expect(mistake).toMatchObject({
    message: 'Reconcile: too many\nbad examples',
    hint: 'Mend them.',
  });
  expect(await readFailure(results, run)).toEqual({
    run,
    execution: run,
    stage: 'Reconcile',
    error: 'UserError',
    message: 'too many\nbad examples',
    hint: 'Mend them.',
  });
  invoke.mockImplementation(async (task) => answer(task, path));
  await labels(path);
  expect(await readFailure(results, run)).toBeUndefined();
});

test('a failure that may pass reaches the caller as one, with its hint', async () => {
  const { path } = makeResults();
  invoke.mockImplementation(async (task) => {
    if (task !== 'Reconcile') return answer(task, path);
    throw named('TransientError', 'Reconcile: the hub is busy\n\nTry again in a few minutes.');
  });
  const error = await withoutWaits(() => labels(path));
  expect(error).toBeInstanceOf(TransientError);
  expect(error).toMatchObject({
    message: 'Reconcile: the hub is busy',
    hint: 'Try again in a few minutes.',
  });
});

const died = 'the worker process ended early (SIGKILL): the system does this if memory is short';

test('a worker that dies again and again is not called a bug: the message has what to do', async () => {
  const { path } = makeResults();
  invoke.mockImplementation(async (task) => {
    if (task !== 'Reconcile') return answer(task, path);
    throw named('Lambda.Unknown', `Reconcile: ${died}\n\n${advice?.lessMemory}`);
  });
  const error = await withoutWaits(() => labels(path));
  // As on Lambda, it is called again twice.
  expect(invoke.mock.calls.filter(([task]) => task === 'Reconcile')).toHaveLength(3);
  const terminal = new FakeTerminal();
  expect(reportFailure(error, terminal, 'usage')).toBe(1);
  expect(terminal.text).toBe(
    `error: Reconcile: ${died}\n` +
      'Run the same command again with --workers 1, which needs less memory: it continues from ' +
      'the results so far. If that is not enough, choose a smaller batchSize in distill.yaml.\n',
  );
  const failure = await readFailure(await openStore(path), run);
  expect(failure).toMatchObject({ stage: 'Reconcile', error: 'Lambda.Unknown', message: died });
});

test('one worker is not advised to be fewer', async () => {
  const { path } = makeResults();
  invoke.mockImplementation(async (task) => answer(task, path));
  await labels(path, 1);
  expect(advice?.lessMemory).toMatch(/^Free some memory, then run the same command again: /);
});

test('nor is a limit of time of the workflow a bug', async () => {
  const { path } = makeResults();
  invoke.mockImplementation(async (task) => {
    if (task === 'Plan') throw named('States.Timeout', 'Task timed out');
  });
  const error = await withoutWaits(() => labels(path));
  expect(error).toBeInstanceOf(TransientError);
});
