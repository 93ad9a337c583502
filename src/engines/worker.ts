/**
 * Worker process of the embedded engine: runs the stages for `pool.ts`, one call at a time. It
 * stays warm between calls, as an environment of Lambda does.
 */
import { stages } from '../stages/index.ts';
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
  try {
    const handler = await stages[task].load();
    const result = await handler(event, {
      signal: stop.signal,
      report: (progress) => send({ kind: 'progress', progress }),
    });
    send({ kind: 'result', result });
  } catch (error) {
    send({ kind: 'error', error: serializeError(error) });
  }
  busy = false;
  if (stop.signal.aborted) process.disconnect();
});

// Ctrl-C reaches the whole process group, but the pool decides when a worker stops.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => stop.abort());
// The pool has closed the channel, or its process has ended: no caller waits for this worker.
process.on('disconnect', () => process.exit());
