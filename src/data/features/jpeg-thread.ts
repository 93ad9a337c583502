/** The thread of `jpeg-worker.ts`. */
import { on } from 'node:events';
import { parentPort } from 'node:worker_threads';
import { decodeJpegs, type JpegBatch } from './jpeg-decode.ts';

// One batch after the other, so that the answers have the order of the batches.
for await (const [batch] of on(parentPort!, 'message')) {
  // Only `jpeg-worker.ts` sends messages.
  const pixels = await decodeJpegs(batch as JpegBatch);
  parentPort!.postMessage(pixels, [pixels.bytes.buffer]);
}
