/**
 * A short way for small JPEGs. libvips spends about 350 µs on opening a file, whatever its size;
 * libjpeg-turbo decodes one of 32 × 32 pixels in 20 µs. So a JPEG that needs nothing but decoding goes
 * to libjpeg-turbo (compiled to WebAssembly, the same on every machine), in a thread of its own, so
 * that it goes on while TensorFlow holds the thread of JavaScript.
 *
 * The pixels are those that sharp gives, bit for bit: both decode with the accurate integer transform
 * and smooth upsampling. What the header leaves any doubt about is sharp's, and so is what
 * libjpeg-turbo finds fault with. (Damage that nobody notices may look different, as it does to sharp
 * on another processor.)
 */

import { Worker } from 'node:worker_threads';
import { sum } from '../../arrays.ts';

export interface PlainJpeg {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Files with more pixels gain nothing: sharp decodes several at once, and with vector instructions. */
const maxPixels = 128 * 128;
/** More than such pixels take as they are. */
const maxBytes = 2 ** 16;

/** Segments that change nothing: JFIF, quantisation, Huffman tables, restart intervals, comments. */
const harmless = new Set([0xe0, 0xdb, 0xc4, 0xdd, 0xfe]);

/**
 * Reads a JPEG's header.
 * @returns its size, or undefined when it is not a small file, baseline or progressive, grey or
 *   Y'CbCr, without orientation, colour profile or anything else that would have to be heeded.
 */
export function readPlainJpeg(bytes: Uint8Array): PlainJpeg | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 4 || view.byteLength > maxBytes) return undefined;
  if (view.getUint16(0) !== 0xffd8) return undefined;
  let frame: PlainJpeg | undefined;
  for (let at = 2; at + 4 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    const next = at + 2 + view.getUint16(at + 2);
    if (next > view.byteLength) return undefined;
    if (marker === 0xda) return frame;
    if (marker === 0xc0 || marker === 0xc2) {
      frame = readFrame(view, at + 4, next);
      if (frame === undefined) return undefined;
    } else if (!harmless.has(marker)) return undefined;
    at = next;
  }
  return undefined;
}

/** Sampling of the brightness, as written in the header: 4:4:4, 4:2:2 and 4:2:0. */
const knownSampling = new Set([0x11, 0x21, 0x22]);

function readFrame(view: DataView, start: number, end: number): PlainJpeg | undefined {
  if (end - start < 9) return undefined;
  const [precision, channels] = [view.getUint8(start), view.getUint8(start + 5)];
  const [height, width] = [view.getUint16(start + 1), view.getUint16(start + 3)];
  const pixels = height * width;
  if (precision !== 8 || pixels === 0 || pixels > maxPixels) return undefined;
  if (channels === 1) return { height, width, channels };
  if (channels !== 3 || end - start < 15) return undefined;
  const byte = (offset: number) => view.getUint8(start + offset);
  // By these numbers of their components, files that do not tell are Y'CbCr.
  const isYCbCr = byte(6) === 1 && byte(9) === 2 && byte(12) === 3;
  const isKnown = knownSampling.has(byte(7)) && byte(10) === 0x11 && byte(13) === 0x11;
  return isYCbCr && isKnown ? { height, width, channels } : undefined;
}

interface Question {
  readonly bytes: Uint8Array;
  readonly resolve: (pixels: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Files in one message at most: a message costs as much as half a file. */
const maxFiles = 64;

let thread: Worker | undefined;
let asked: Question[] = [];
/** Without an answer yet, in the order in which the thread gets them. */
const sent: Question[][] = [];

/**
 * Decodes a file that `readPlainJpeg` knows.
 * @returns [height, width, channels]; undefined when the file has an error, which sharp can name.
 */
export function decodePlainJpeg(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    asked.push({ bytes, resolve, reject });
    if (asked.length === 1) setImmediate(send);
    if (asked.length === maxFiles) send();
  });
}

/** Sends what was asked since the last time. */
function send(): void {
  if (asked.length === 0) return;
  thread ??= startThread();
  const files = joined(asked.map(({ bytes }) => bytes));
  thread.postMessage(files, [files.bytes.buffer]);
  // Somebody waits for it; a thread that nobody waits for does not keep the process.
  thread.ref();
  sent.push(asked);
  asked = [];
}

interface Files {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: readonly number[];
}

function joined(parts: readonly Uint8Array[]): Files {
  const bytes = new Uint8Array(sum(parts.map(({ length }) => length)));
  let end = 0;
  const ends = parts.map((part) => {
    bytes.set(part, end);
    end += part.length;
    return end;
  });
  return { bytes, ends };
}

function startThread(): Worker {
  // The process's own options (--input-type, --import) are not meant for it.
  const worker = new Worker(new URL('./jpeg-thread.mjs', import.meta.url), { execArgv: [] });
  worker.on('message', ({ bytes, ends }: Files) => {
    const questions = sent.shift()!;
    if (sent.length === 0) worker.unref();
    for (const [place, { resolve }] of questions.entries()) {
      // A copy, so that an example that is kept does not keep its neighbours.
      const pixels = bytes.slice(ends[place - 1] ?? 0, ends[place]);
      resolve(pixels.length === 0 ? undefined : pixels);
    }
  });
  worker.on('error', (error) => {
    thread = undefined;
    for (const { reject } of sent.splice(0).flat()) reject(error);
  });
  return worker;
}
