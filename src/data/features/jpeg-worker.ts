/**
 * Gives JPEGs to a thread, which decodes them and fits them to a model while a model runs:
 * TensorFlow blocks the thread of JavaScript.
 */
import { Worker } from 'node:worker_threads';
import { concatenateBytes } from '../../arrays.ts';
import { compiledFile } from '../../compiled-file.ts';
import type { PixelFit } from './image-fit.ts';
import type { JpegBatch, PixelBatch } from './jpeg-decode.ts';
import type { PlainJpeg } from './plain-jpeg.ts';

interface Request {
  readonly bytes: Uint8Array;
  readonly plain: PlainJpeg;
  readonly fit: PixelFit | undefined;
  readonly resolve: (pixels: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Upper bound on the files per message; a message costs as much as half a file. */
const maxFiles = 64;

/** Failure of the thread, for which no file is to blame. */
export class JpegThreadError extends Error {
  override readonly name = 'JpegThreadError';
}

let thread: Worker | undefined;
let waiting: Request[] = [];
/** Requests without an answer yet, in the order in which the thread receives them. */
const sent: Request[][] = [];

/**
 * Decodes a file that `readPlainJpeg` accepts.
 *
 * @param plain Result of `readPlainJpeg`.
 * @param fit Settings to fit its pixels to a model. Default: they stay as they are.
 * @returns pixels, [height, width, channels]; undefined if the file has an error, which sharp then
 *   describes.
 * @throws JpegThreadError if the thread crashes.
 */
export function decodePlainJpeg(
  bytes: Uint8Array,
  plain: PlainJpeg,
  fit?: PixelFit,
): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    waiting.push({ bytes, plain, fit, resolve, reject });
    if (waiting.length === 1) setImmediate(send);
    if (waiting.length === maxFiles) send();
  });
}

/** Sends the waiting requests. */
function send(): void {
  if (waiting.length === 0) return;
  const requests = waiting;
  waiting = [];
  const batch = batchOf(requests);
  const file = compiledFile('jpeg-thread', import.meta.url);
  if (file === undefined) {
    void decodeHere(requests, batch);
    return;
  }
  thread ??= startThread(file);
  thread.postMessage(batch, [batch.bytes.buffer]);
  // The thread keeps the process alive only while a request waits for an answer.
  thread.ref();
  sent.push(requests);
}

function batchOf(requests: readonly Request[]): JpegBatch {
  return {
    // Memory that is transferred to the thread.
    bytes: concatenateBytes(requests.map(({ bytes }) => bytes)),
    files: requests.map(({ bytes: { length }, plain, fit }) => ({ length, plain, fit })),
  };
}

function startThread(file: URL): Worker {
  // The process's own options (--input-type, --import) do not apply to the thread.
  const worker = new Worker(file, { execArgv: [] });
  worker.on('message', (pixels: PixelBatch) => {
    answer(sent.shift()!, pixels);
    if (sent.length === 0) worker.unref();
  });
  worker.on('error', (error) => {
    thread = undefined;
    refuse(sent.splice(0).flat(), error);
  });
  return worker;
}

/** Decodes without the thread, if the code is not compiled. */
async function decodeHere(requests: readonly Request[], batch: JpegBatch): Promise<void> {
  try {
    const { decodeJpegs } = await import('./jpeg-decode.ts');
    answer(requests, await decodeJpegs(batch));
  } catch (error) {
    refuse(requests, error);
  }
}

function answer(requests: readonly Request[], { bytes, lengths }: PixelBatch): void {
  let start = 0;
  for (const [index, { resolve }] of requests.entries()) {
    const end = start + lengths[index]!;
    // A copy, so that a cached example does not keep its neighbours in memory.
    resolve(end > start ? bytes.slice(start, end) : undefined);
    start = end;
  }
}

function refuse(requests: readonly Request[], cause: unknown): void {
  for (const { reject } of requests) reject(new JpegThreadError(String(cause), { cause }));
}
