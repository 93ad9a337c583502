/**
 * Recognizes small JPEGs that libjpeg-turbo decodes quickly. libvips takes about 350 µs to open a
 * file of any size; libjpeg-turbo decodes 32 × 32 pixels in 20 µs, and 224 × 224 in half of sharp's
 * processor time. So a JPEG that only needs decoding goes to libjpeg-turbo, compiled to
 * WebAssembly, which is the same on every machine.
 *
 * The pixels are the same as sharp's, bit for bit: both decode with the accurate integer transform
 * and smooth upsampling. Files with an unclear header, an error or a warning go to sharp. Damage
 * that causes no error may decode differently, as it does with sharp on another processor.
 */

export interface PlainJpeg {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Upper bound on the pixels: sharp decodes larger images as fast, with its several threads. */
const maxPixels = 256 * 256;
/** Upper bound on the size of a file, in bytes: more than `maxPixels` raw pixels take. */
const maxBytes = 2 ** 18;

/** Segments that need no check: JFIF, quantization, Huffman tables, restart intervals, comments. */
const harmless = new Set([0xe0, 0xdb, 0xc4, 0xdd, 0xfe]);

/**
 * Reads a JPEG's header.
 * @returns the image's size; undefined if it is not a small file, baseline or progressive, grey or
 *   Y'CbCr, without orientation, colour profile or any other metadata that affects decoding.
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

/** Known sampling factors of the brightness, as in the header: 4:4:4, 4:2:2 and 4:2:0. */
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
  // Files without a stated colour space are Y'CbCr if their components have these numbers.
  const isYCbCr = byte(6) === 1 && byte(9) === 2 && byte(12) === 3;
  const isKnown = knownSampling.has(byte(7)) && byte(10) === 0x11 && byte(13) === 0x11;
  return isYCbCr && isKnown ? { height, width, channels } : undefined;
}
