/** A worker for the tests of the pool. Its task is what the event's `does` names. */
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const stop = new AbortController();
let isBusy = false;
const send = (/** @type {object} */ message) => process.send?.(message);

/** @type {Record<string, (event: Record<string, any>) => Promise<unknown>>} */
const tasks = {
  answer: async ({ ms = 0 }) => {
    await delay(ms);
    return { pid: process.pid };
  },
  report: async () => {
    send({ kind: 'progress', progress: { stage: 'Label', done: 1, total: 2 } });
    return 'reported';
  },
  fail: async () => {
    throw Object.assign(new Error('no such column'), { name: 'UserError' });
  },
  /** Ends the process as an exit does, after its last words. */
  die: async ({ words = '' }) => {
    process.stderr.write(words);
    process.exitCode = 7;
    process.disconnect();
    return new Promise(() => {});
  },
  crash: async ({ signal, words = '' }) => {
    fs.writeSync(2, words);
    process.kill(process.pid, signal);
    return new Promise(() => {});
  },
  exhaustHeap: async () => {
    const all = [];
    for (;;) all.push(Array.from({ length: 1000 }, () => String(Math.random())));
  },
  dieAtStop: async (event) => {
    stop.signal.addEventListener('abort', () => tasks.crash?.({ ...event, signal: 'SIGKILL' }));
    send({ kind: 'progress', progress: { stage: 'Train', done: 1 } });
    return new Promise(() => {});
  },
  waitForStop: async () => {
    send({ kind: 'progress', progress: { stage: 'Train', done: 1 } });
    await delay(60_000, undefined, { signal: stop.signal }).catch(() => {});
    throw Object.assign(new Error('a checkpoint was written'), { name: 'InterruptedError' });
  },
};

process.on('message', async (/** @type {any} */ message) => {
  if (message.kind === 'stop') {
    stop.abort();
    if (!isBusy) process.disconnect();
    return;
  }
  isBusy = true;
  try {
    send({ kind: 'result', result: await tasks[message.event.does]?.(message.event) });
  } catch (error) {
    const { name, message: text, stack } = /** @type {Error} */ (error);
    send({ kind: 'error', error: { name, message: text, stack } });
  }
  isBusy = false;
  if (stop.signal.aborted) process.disconnect();
});
