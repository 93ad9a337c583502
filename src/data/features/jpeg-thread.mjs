/**
 * The thread of `plain-jpeg.ts`. It is plain JavaScript, because a thread starts from a file and
 * Node 20 does not read TypeScript.
 *
 * A message has files, one after the other, and the end of each; the answer has their pixels in the
 * same form. A file with an error, or with a warning of libjpeg-turbo, has no pixels.
 */
import { on } from 'node:events';
import { parentPort } from 'node:worker_threads';
import openLibjpegTurbo from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs';

/** @import { JpegDecoder } from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' */
/** @typedef {{ bytes: Uint8Array<ArrayBuffer>, ends: number[] }} Files */

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

/** @type {JpegDecoder | undefined} */
let decoder;
for await (const [message] of on(port, 'message')) {
  const answer = await decodeAll(message);
  port.postMessage(answer, [answer.bytes.buffer]);
}

/** @param {Files} files @returns {Promise<Files>} */
async function decodeAll({ bytes, ends }) {
  const pixels = [];
  for (const [index, end] of ends.entries()) {
    pixels.push(await decode(bytes.subarray(ends[index - 1] ?? 0, end)));
  }
  const all = new Uint8Array(pixels.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  const pixelEnds = pixels.map((each) => {
    all.set(each, end);
    end += each.length;
    return end;
  });
  return { bytes: all, ends: pixelEnds };
}

/** @param {Uint8Array} file */
async function decode(file) {
  decoder ??= new (await openLibjpegTurbo()).JPEGDecoder();
  try {
    decoder.getEncodedBuffer(file.length).set(file);
    decoder.decode();
    return Uint8Array.from(decoder.getDecodedBuffer());
  } catch {
    // A failure leaves its frame on the stack of WebAssembly, so the next file gets a new instance.
    decoder = undefined;
    return new Uint8Array(0);
  }
}
