/**
 * Threads that augment images while the step of an earlier batch runs, which blocks the thread of
 * JavaScript. A change of all pixels takes 50 to 100 µs per image of 32 × 32, as long as the step
 * of a small network.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { compiledFile } from '../compiled-file.ts';
import type { AugmentOptions } from './example-writer.ts';

/** The images of a batch. */
export interface AugmentRequest {
  /** Pixels, [n, height, width, channels]. */
  readonly decoded: Uint8Array<ArrayBuffer>;
  readonly epoch: number;
  /** Position of the first image in the epoch. */
  readonly first: number;
}

export interface AugmentThreads {
  readonly count: number;
  /**
   * Augments and normalizes the images of a batch: [n, height, width, channels].
   * @throws Error if the thread crashes.
   */
  augment(request: AugmentRequest): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Upper bound on the threads, and on the bytes of the batches that they make in advance. */
const maxThreads = 8;
const maxBytes = 2 ** 28;

/** Returns the number of threads: a core is left for the steps. @param batchBytes per batch. */
export function threadCount(batchBytes: number, cores = availableParallelism()): number {
  return Math.max(1, Math.min(cores - 1, maxThreads, Math.floor(maxBytes / batchBytes)));
}

/**
 * Starts threads. They keep the process alive only while a batch is due.
 *
 * @returns undefined if the code is not compiled: a thread starts from a JavaScript file.
 */
export function openAugmentThreads(
  options: AugmentOptions,
  batchBytes: number,
): AugmentThreads | undefined {
  const file = compiledFile('augment-thread', import.meta.url);
  if (file === undefined) return undefined;
  const count = threadCount(batchBytes);
  const threads = Array.from({ length: count }, () => startThread(file, options));
  let turn = 0;
  return {
    count,
    augment: (request) => threads[turn++ % count]!.augment(request),
    async close() {
      await Promise.all(threads.map(({ close }) => close()));
    },
  };
}

/** The two ends of a promise. */
interface Answer {
  readonly resolve: (values: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

function startThread(file: URL, options: AugmentOptions) {
  const due: Answer[] = [];
  // The process's own options (--input-type, --import) do not apply to the thread.
  const worker = new Worker(file, { workerData: options, execArgv: [] });
  worker.unref();
  worker.on('message', (values: Float32Array) => {
    due.shift()!.resolve(values);
    if (due.length === 0) worker.unref();
  });
  let failure: unknown;
  worker.on('error', (error) => {
    failure = error;
    for (const { reject } of due.splice(0)) reject(error);
  });
  return {
    augment: (request: AugmentRequest) =>
      new Promise<Float32Array>((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        due.push({ resolve, reject });
        worker.ref();
        worker.postMessage(request, [request.decoded.buffer]);
      }),
    close: () => worker.terminate(),
  };
}
