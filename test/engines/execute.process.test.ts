/** A run on this machine that fails, and then succeeds. */
import { beforeEach, expect, test, vi } from 'vitest';
import { execute } from '../../src/engines/execute.ts';
import { TransientError, UserError } from '../../src/errors.ts';
import { readFailure } from '../../src/run/failure-file.ts';
import { openStore } from '../../src/store/open.ts';
import { makeResults } from '../support/results.ts';

const invoke = vi.fn<(task: string) => Promise<unknown>>();
vi.mock('../../src/engines/pool.ts', () => ({
  createPool: () => ({ invoke, stop: async () => {} }),
}));

beforeEach(() => invoke.mockReset());

const run = 'digits-1';

/** Runs the workflow up to its labels, without shards. */
async function labels(results: string) {
  await (await openStore(results)).write('shards.json', Buffer.from('[]'));
  return execute({ run, dataset: '/data/digits', results, execution: run, until: 'labels' }, {});
}

const answer = (task: string, results: string) =>
  task === 'Plan'
    ? {
        ...{ bucket: results, shards: 'shards.json', unlabeled: 'shards.json', variants: [] },
        ...{ encode: false, trainTeacher: false, trainStudents: false, concurrency: 1 },
      }
    : null;

test('a failure is recorded with its stage and what to do, until the run succeeds', async () => {
  const { path } = makeResults();
  const results = await openStore(path);
  invoke.mockImplementation(async (task) => {
    if (task !== 'Reconcile') return answer(task, path);
    throw Object.assign(new Error('Reconcile: too many\nbad examples\n\nMend them.'), {
      name: 'UserError',
    });
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
    throw Object.assign(new Error('Reconcile: the hub is busy\n\nTry again in a few minutes.'), {
      name: 'TransientError',
    });
  });
  // It is retried before: after 0 s, the shortest time that the jitter allows.
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const error = await labels(path).catch((reason: unknown) => reason);
  vi.mocked(Math.random).mockRestore();
  expect(error).toBeInstanceOf(TransientError);
  expect(error).toMatchObject({
    message: 'Reconcile: the hub is busy',
    hint: 'Try again in a few minutes.',
  });
});
