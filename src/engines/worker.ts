/**
 * Worker process of the embedded engine: runs the stages for `pool.ts`, one call at a time. It
 * stays warm between calls, as an environment of Lambda does.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { localResource, recordUsage } from '../cost/usage.ts';
import { type StageName, stages } from '../stages/index.ts';
import type { FromWorker, ToWorker } from './wire.ts';
import { serializeError } from './wire.ts';

const stop = new AbortController();
let busy = false;
const send = (message: FromWorker) => process.send?.(message);

process.on('message', async (message: ToWorker) => {
  if (message.kind === 'stop') {
    stop.abort();
    if (!busy) process.disconnect();
    return;
  }
  busy = true;
  const { task, event } = message;
  const startedAt = performance.now();
  let answer: FromWorker;
  try {
    const handler = await stages[task].load();
    const result = await handler(event, {
      signal: stop.signal,
      report: (progress) => send({ kind: 'progress', progress }),
    });
    answer = { kind: 'result', result };
  } catch (error) {
    answer = { kind: 'error', error: serializeError(error) };
  }
  await recordTime(task, event, performance.now() - startedAt);
  send(answer);
  busy = false;
  if (stop.signal.aborted) process.disconnect();
});

const located = z.looseObject({ run: z.string(), results: z.string() });

/** Records the time of a call for the report. The run does not depend on it. */
async function recordTime(task: StageName, event: unknown, ms: number): Promise<void> {
  const { data } = located.safeParse(event);
  if (!data) return;
  const usage = { task, resource: localResource, ms, id: randomUUID() };
  await recordUsage(data.results, data.run, usage).catch(() => {});
}

// Ctrl-C reaches the whole process group, but the pool decides when a worker stops.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => stop.abort());
// The pool has closed the channel, or its process has ended: no caller waits for this worker.
process.on('disconnect', () => process.exit());
