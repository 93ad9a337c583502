import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createPool, type Pool } from '../../src/engines/pool.ts';
import type { Progress } from '../../src/run/context.ts';

const script = fileURLToPath(new URL('./pool-worker.mjs', import.meta.url));

function open(size: number) {
  const progress: Progress[] = [];
  const pool = createPool(size, (line) => progress.push(line), script);
  onTestFinished(() => pool.stop());
  return { pool, progress };
}

const pidOf = async (pool: Pool, ms = 0) => {
  const { pid } = (await pool.invoke('Label', { does: 'answer', ms })) as { pid: number };
  return pid;
};

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a task has its result, and its progress arrives', async () => {
  const { pool, progress } = open(1);
  expect(await pool.invoke('Label', { does: 'report' })).toBe('reported');
  expect(progress).toEqual([{ stage: 'Label', done: 1, total: 2 }]);
});

test('an error keeps its name and message, and its worker goes to the next task', async () => {
  const { pool } = open(1);
  const before = await pidOf(pool);
  await expect(pool.invoke('Label', { does: 'fail' })).rejects.toMatchObject({
    name: 'UserError',
    message: 'no such column',
  });
  expect(await pidOf(pool)).toBe(before);
});

test('workers are reused, and no more than the size run at once', async () => {
  const { pool } = open(2);
  const pids = await Promise.all(Array.from({ length: 6 }, () => pidOf(pool, 50)));
  expect(new Set(pids).size).toBe(2);
});

describe('a worker that dies', () => {
  test.each([
    ['by itself', 'die', /ended early \(exit code 7\)\nout of memory$/],
    ['by a signal', 'crash', /ended early \(SIGKILL\): .* if memory is short/],
  ])('%s fails its task as on Lambda, and another one takes the next', async (_, does, message) => {
    const { pool } = open(1);
    const before = await pidOf(pool);
    const lost = pool.invoke('Label', { does });
    const next = pidOf(pool);
    await expect(lost).rejects.toMatchObject({
      name: 'Lambda.Unknown',
      message: expect.stringMatching(message),
    });
    expect(await next).not.toBe(before);
  });
});

describe('stop', () => {
  test('lets a busy worker end its task, and rejects those that wait', async () => {
    const { pool, progress } = open(1);
    const pid = await pidOf(pool);
    const busy = pool.invoke('Train', { does: 'waitForStop' }).catch((error: Error) => error);
    const waiting = pool.invoke('Train', { does: 'answer' }).catch((error: Error) => error);
    await expect.poll(() => progress).toHaveLength(1);
    await pool.stop();
    expect(await busy).toMatchObject({
      name: 'InterruptedError',
      message: 'a checkpoint was written',
    });
    expect(await waiting).toMatchObject({ name: 'InterruptedError' });
    expect(isRunning(pid)).toBe(false);
  });

  test('leaves no process, and takes no task afterwards', async () => {
    const { pool } = open(2);
    const pids = await Promise.all([pidOf(pool, 100), pidOf(pool, 100)]);
    expect(pids.map(isRunning)).toEqual([true, true]);
    await Promise.all([pool.stop(), pool.stop()]);
    expect(pids.map(isRunning)).toEqual([false, false]);
    await expect(pool.invoke('Label', { does: 'answer' })).rejects.toMatchObject({
      name: 'InterruptedError',
    });
  });
});
