/** Decodes JPEGs with libjpeg-turbo, compiled to WebAssembly, and fits them to a model. */
import openLibjpegTurbo, {
  type JpegDecoder,
} from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs';
import { concatenateBytes } from '../../arrays.ts';
import { fitPixels, type PixelFit } from './image-fit.ts';
import type { PlainJpeg } from './plain-jpeg.ts';

/** A file that `readPlainJpeg` accepts. */
interface JpegFile {
  /** Size of the file, in bytes. */
  readonly length: number;
  /** Result of `readPlainJpeg`. */
  readonly plain: PlainJpeg;
  /** Settings to fit its pixels to a model. Undefined: they stay as they are. */
  readonly fit: PixelFit | undefined;
}

export interface JpegBatch {
  /** The files, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly files: readonly JpegFile[];
}

/** Pixels of files, each [height, width, channels]. */
export interface PixelBatch {
  /** The pixels of the files, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes per file; 0 if it has an error. */
  readonly lengths: readonly number[];
}

/** Decodes files. libjpeg-turbo's warnings also are errors. */
export async function decodeJpegs({ bytes, files }: JpegBatch): Promise<PixelBatch> {
  const results: Uint8Array[] = [];
  let start = 0;
  for (const { length, plain, fit } of files) {
    const data = await decode(bytes.subarray(start, start + length));
    const pixels = data && fit ? fitPixels({ ...plain, data }, fit) : data;
    results.push(pixels ?? new Uint8Array(0));
    start += length;
  }
  return { bytes: concatenateBytes(results), lengths: results.map(({ length }) => length) };
}

let decoder: JpegDecoder | undefined;

async function decode(file: Uint8Array): Promise<Uint8Array | undefined> {
  decoder ??= new (await openLibjpegTurbo()).JPEGDecoder();
  try {
    decoder.getEncodedBuffer(file.length).set(file);
    decoder.decode();
    return Uint8Array.from(decoder.getDecodedBuffer());
  } catch {
    // A failure leaves its frame on the stack of WebAssembly, so the next file gets a new instance.
    decoder = undefined;
    return undefined;
  }
}
