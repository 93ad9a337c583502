import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createPool, type Pool } from '../../src/engines/pool.ts';
import type { Progress } from '../../src/run/context.ts';

const script = fileURLToPath(new URL('./pool-worker.mjs', import.meta.url));

const advice = { resume: 'Resume it.', lessMemory: 'Use less.', largerHeap: 'Allow more.' };

function open(size: number) {
  const progress: Progress[] = [];
  const onProgress = (line: Progress) => progress.push(line);
  const pool = createPool({ size, onProgress, advice, script });
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

const early = (how: string) => `Label: the worker process ended early (${how})`;
const unknown = 'Resume it. If a process ends in this way again, report a bug with this message.';

describe('a worker that dies', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ['by itself', { does: 'die' }, `${early('exit code 7')}\n\n${unknown}`],
    [
      'with last words',
      { does: 'die', words: 'no kernel\n\nfor Conv2D\n' },
      `${early('exit code 7')}\nno kernel\nfor Conv2D\n\n${unknown}`,
    ],
    ['by a fault', { signal: 'SIGSEGV' }, `${early('SIGSEGV')}\n\n${unknown}`],
    [
      'for lack of memory',
      { signal: 'SIGKILL', words: 'a note of TensorFlow' },
      `${early('SIGKILL')}: the system does this if memory is short\n\nUse less.`,
    ],
    [
      'in an allocation',
      { signal: 'SIGABRT', words: "terminate called after throwing 'std::bad_alloc'" },
      `${early('SIGABRT')}: memory is short\n\nUse less.`,
    ],
    [
      'on a full disk',
      { signal: 'SIGBUS' },
      `${early('SIGBUS')}: the system does this if a disk is full or fails, such as /dev/shm\n\n` +
        'Free some space on the disks, see: df -h. Resume it.',
    ],
    [
      'on an old processor',
      { signal: 'SIGILL' },
      `${early('SIGILL')}: this processor lacks an instruction of the program\n\n` +
        'TensorFlow needs a processor with AVX on x86-64. Use another machine.',
    ],
    [
      'at a limit of processor time',
      { signal: 'SIGXCPU' },
      `${early('SIGXCPU')}: it reached the limit of processor time\n\n` +
        'Raise the limit, see: ulimit -t. Resume it.',
    ],
  ])('%s fails its task as on Lambda, and another one takes the next', async (_, how, message) => {
    const { pool } = open(1);
    const before = await pidOf(pool);
    const lost = pool.invoke('Label', { does: 'crash', ...how });
    const next = pidOf(pool);
    await expect(lost).rejects.toMatchObject({ name: 'Lambda.Unknown', message });
    expect(await next).not.toBe(before);
  });

  test('long after the first of its last words, reports them to the end', async () => {
    const { pool } = open(1);
    const words = `${'a note of TensorFlow\n'.repeat(3000)}std::bad_alloc`;
    const lost = pool.invoke('Label', { does: 'crash', signal: 'SIGABRT', words });
    await expect(lost).rejects.toThrow(`${early('SIGABRT')}: memory is short`);
  });

  test('while it is idle fails the next task as on Lambda, and another one takes the one after', async () => {
    const { pool } = open(1);
    const before = await pidOf(pool);
    process.kill(before, 'SIGKILL');
    // This blocks the thread, so that the pool cannot notice the end.
    execFileSync('sh', ['-c', `until ps -o stat= -p ${before} | grep -q Z; do :; done`]);
    await expect(pool.invoke('Label', { does: 'answer' })).rejects.toMatchObject({
      name: 'Lambda.Unknown',
      message: expect.stringContaining(early('SIGKILL')),
    });
    expect(await pidOf(pool)).not.toBe(before);
  });

  test.each([
    ['is emitted', '/nowhere/node', 'spawn /nowhere/node ENOENT'],
    ['is thrown', 'no\0node', expect.stringContaining('null bytes')],
  ])('before it starts fails its task as on Lambda, if the error %s', async (_, program, why) => {
    const { execPath } = process;
    onTestFinished(() => {
      process.execPath = execPath;
    });
    process.execPath = program;
    const { pool } = open(1);
    const error = await pool.invoke('Label', { does: 'answer' }).catch((reason: unknown) => reason);
    if (!(error instanceof Error)) throw new Error('it did not fail');
    expect(error.name).toBe('Lambda.Unknown');
    const [message, hint] = error.message.split('\n\n');
    expect(message?.split('could be started: ')).toEqual(['Label: no worker process ', why]);
    expect(hint).toBe('Use less.');
    process.execPath = execPath;
    expect(await pidOf(pool)).toBeGreaterThan(0);
  });

  test('with a full heap reports that, and not its stack', async () => {
    vi.stubEnv('NODE_OPTIONS', '--max-old-space-size=30');
    const { pool } = open(1);
    await expect(pool.invoke('Label', { does: 'exhaustHeap' })).rejects.toMatchObject({
      name: 'Lambda.Unknown',
      message: `${early('SIGABRT')}: the memory that Node allows for JavaScript is full\n\nAllow more.`,
    });
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

  test('does not report the last words of a worker that dies meanwhile: they may be logged', async () => {
    const { pool, progress } = open(1);
    await pidOf(pool); // The worker has started, which takes seconds on a busy machine.
    const busy = pool.invoke('Train', { does: 'dieAtStop', words: 'a row' });
    const error = busy.catch((reason: unknown) => reason);
    await expect.poll(() => progress).toHaveLength(1);
    await pool.stop();
    expect(await error).toMatchObject({ name: 'InterruptedError', message: 'the run was stopped' });
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
