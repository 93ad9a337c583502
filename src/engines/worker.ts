/**
 * A worker process of the embedded engine: calls the handlers in `functions/` for the pool in
 * `pool.ts`, one at a time, as a Lambda environment would, and stays warm in between.
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

// Ctrl-C reaches the whole process group; the pool decides when a worker stops.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => stop.abort());
// The engine has said goodbye, or is gone: nobody waits for this worker any more.
process.on('disconnect', () => process.exit());
