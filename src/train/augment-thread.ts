/** The thread of `augment-threads.ts`: augments and normalizes the images of a batch. */
import { parentPort, workerData } from 'node:worker_threads';
import type { AugmentRequest } from './augment-threads.ts';
import { type AugmentOptions, createExampleWriter } from './example-writer.ts';

// Only `augment-threads.ts` starts the thread, with these options.
const { length, write } = createExampleWriter(workerData as AugmentOptions);

parentPort!.on('message', ({ decoded, epoch, first }: AugmentRequest) => {
  const n = decoded.length / length;
  const values = new Float32Array(decoded.length);
  for (let row = 0; row < n; row++) {
    write(decoded, row * length, values, row, epoch, first + row);
  }
  parentPort!.postMessage(values, [values.buffer]);
});
