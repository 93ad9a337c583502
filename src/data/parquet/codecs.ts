/** Decompresses pages. Each codec stops at the size that the page's header states. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Decompress } from 'fzstd';
import type { CompressionCodec } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** Decompresses bytes to `size` bytes, or throws. The result may be shorter. */
type Decompressor = (bytes: Uint8Array, size: number) => Uint8Array;

const decompressors: Partial<Record<CompressionCodec, Decompressor>> = {
  UNCOMPRESSED: (bytes) => bytes,
  GZIP: (bytes, size) => gunzipSync(bytes, { maxOutputLength: size }),
  BROTLI: (bytes, size) => brotliDecompressSync(bytes, { maxOutputLength: size }),
  SNAPPY: decompressSnappy,
  ZSTD: decompressZstd,
  LZ4: (bytes, size) => compressors.LZ4!(bytes, size),
  LZ4_RAW: (bytes, size) => compressors.LZ4_RAW!(bytes, size),
};

/**
 * Decompresses a page, or the values of a page.
 *
 * @param size Size after decompression.
 * @returns bytes in a buffer of their own, so that no reader can pass their end.
 * @throws Error if the codec is unknown, or the bytes do not have this size.
 */
export function decompress(
  bytes: Uint8Array,
  size: number,
  codec: CompressionCodec,
): Uint8Array<ArrayBuffer> {
  const decompressor = decompressors[codec];
  if (decompressor === undefined) throw new Error(`the compression ${codec} is not supported`);
  if (size === 0) return new Uint8Array(0);
  // No codec grows its input by more; some take time per byte of input, not of output.
  if (bytes.length > 2 * size + 1024)
    throw new Error(`a page of ${size} bytes is larger than that`);
  const result = decompressor(bytes, size);
  if (result.length !== size) {
    throw new Error(`a page has ${result.length} bytes, and its header states ${size}`);
  }
  // The library for Snappy returns bytes in a buffer of their own.
  const { buffer } = result;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === size && buffer !== bytes.buffer) {
    return new Uint8Array(buffer);
  }
  const own = new Uint8Array(size);
  own.set(result);
  return own;
}

/** The library does not compare the size in the bytes with its room. */
function decompressSnappy(bytes: Uint8Array, size: number): Uint8Array {
  let stated = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[index] ?? 0;
    stated += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) break;
  }
  if (stated !== size) throw new Error(`a page has ${stated} bytes, and its header states ${size}`);
  return compressors.SNAPPY!(bytes, size);
}

/** Window that every decoder of Zstandard offers: RFC 8878, 3.1.1.1.2. */
const commonWindow = 8 * 2 ** 20;

function decompressZstd(bytes: Uint8Array, size: number): Uint8Array {
  if (windowOfZstd(bytes) > Math.max(commonWindow, size)) {
    throw new Error(`a page of ${size} bytes has a larger window of Zstandard`);
  }
  const result = new Uint8Array(size);
  let filled = 0;
  const stream = new Decompress((chunk) => {
    if (filled + chunk.length > size) throw new Error(`a page has more than ${size} bytes`);
    result.set(chunk, filled);
    filled += chunk.length;
  });
  stream.push(bytes, true);
  return result.subarray(0, filled);
}

/** Reads the memory that a frame wants for its window: RFC 8878, 3.1.1.1. */
function windowOfZstd(bytes: Uint8Array): number {
  const flags = bytes[4] ?? 0;
  const isSingleSegment = (flags & 0x20) !== 0;
  if (!isSingleSegment) {
    const descriptor = bytes[5] ?? 0;
    const base = 2 ** (10 + (descriptor >> 3));
    return base + (base / 8) * (descriptor & 7);
  }
  const sizeBytes = [1, 2, 4, 8][flags >> 6]!;
  const start = 5 + [0, 1, 2, 4][flags & 3]!;
  const content = bytes
    .subarray(start, start + sizeBytes)
    .reduceRight((value, byte) => value * 256 + byte, 0);
  return content + (sizeBytes === 2 ? 256 : 0);
}
