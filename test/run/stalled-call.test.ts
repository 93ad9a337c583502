import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { InterruptedError, StalledError, UserError } from '../../src/errors.ts';
import type { Context } from '../../src/run/context.ts';
import { noticeStall, watchCommits } from '../../src/run/stalled-call.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { writeJsonOnce } from '../../src/store/once.ts';
import { swapPointer } from '../../src/store/pointer.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { openCheckpoints } from '../../src/train/checkpoint.ts';

const job: Context = { signal: new AbortController().signal, report: () => {} };
/** The context of a function on AWS. */
const context: Context = {
  ...job,
  deployment: { trainer: 'function', budgetUsd: undefined },
};
const remedy = 'a smaller student';

function openFolder(): ObjectStore {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return new FolderStore(folder, 'time');
}

/** Runs work on a store, then ends with an error, as a call whose time is up. */
function call(
  store: ObjectStore,
  work: (store: ObjectStore) => Promise<unknown>,
  error: Error = new InterruptedError('stopped'),
): Promise<unknown> {
  const run = noticeStall(async (watched: ObjectStore, { onCommit }: Context) => {
    await work(watchCommits(watched, onCommit!));
    throw error;
  }, remedy);
  return run(store, context).catch((thrown: unknown) => thrown);
}

describe('a call that is interrupted', () => {
  const pointer = z.strictObject({ step: z.int() });
  const checkpoint = (step: number) => ({
    progress: {
      ...{ epoch: 0, batch: step, step, history: [] },
      sums: { loss: 0, examples: 0, weight: 0, weighted: 0, agreed: 0, seconds: 0 },
    },
    tensors: new Map(),
  });

  test.each<[string, (store: ObjectStore) => Promise<unknown>]>([
    ['a new object', (store) => writeJsonOnce(store, 'new', {})],
    ['a moved pointer', (store) => swapPointer(store, 'LATEST', pointer, () => ({ step: 2 }))],
    ['a checkpoint', (store) => openCheckpoints(store, 'c/', 'digest').save(checkpoint(2))],
  ])('has made progress if it has committed %s', async (_, work) => {
    const store = openFolder();
    await swapPointer(store, 'LATEST', pointer, () => ({ step: 1 }));
    await openCheckpoints(store, 'c/', 'digest').save(checkpoint(1));
    expect(await call(store, work)).toBeInstanceOf(InterruptedError);
  });

  test.each<[string, (store: ObjectStore) => Promise<unknown>]>([
    ['nothing', async () => {}],
    ['an object that is there', (store) => writeJsonOnce(store, 'old', {})],
    ['a pointer that stays', (store) => swapPointer(store, 'LATEST', pointer, () => undefined)],
    ['an older checkpoint', (store) => openCheckpoints(store, 'c/', 'digest').save(checkpoint(1))],
  ])('is stalled if it has written %s', async (_, work) => {
    const store = openFolder();
    await writeJsonOnce(store, 'old', {});
    await openCheckpoints(store, 'c/', 'digest').save(checkpoint(2));
    expect(await call(store, work)).toMatchObject({
      name: StalledError.name,
      message: expect.stringContaining('no progress'),
      hint: expect.stringContaining(`Choose ${remedy}.`),
    });
  });
});

test('a job on a GPU is not stalled: AWS took its instance, and more time would not help', async () => {
  const error = new InterruptedError('stopped');
  const run = noticeStall(() => Promise.reject(error), remedy);
  await expect(run(undefined, job)).rejects.toBe(error);
});

test('other errors stay as they are, and so does a result', async () => {
  const error = new UserError('the labels are wrong');
  expect(await call(openFolder(), async () => {}, error)).toBe(error);
  expect(await noticeStall(async () => 1, remedy)(undefined, context)).toBe(1);
});
