import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decompress } from '../../../src/data/parquet/codecs.ts';

/** A frame of Zstandard with `count` blocks of 128 KiB of one byte each, and a window of 1 MiB. */
function zstdBomb(count: number): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50]);
  // 17 bits of the size, 2 of the type (1: one byte, repeated), 1 of whether it is the last.
  const block = (isLast: boolean) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUIntLE((131_072 << 3) | (1 << 1) | (isLast ? 1 : 0), 0, 3);
    return bytes;
  };
  return Buffer.concat([
    header,
    ...Array.from({ length: count }, (_, i) => block(i === count - 1)),
  ]);
}

describe('a page that inflates to more than its header states', () => {
  const zeros = Buffer.alloc(2 ** 20);
  test.each([
    ['GZIP', gzipSync(zeros)],
    ['BROTLI', brotliCompressSync(zeros)],
    ['ZSTD', zstdBomb(8)],
    ['UNCOMPRESSED', zeros.subarray(0, 1100)],
    ['SNAPPY', Buffer.from([0x80, 0x80, 0x40, 0])],
  ] as const)('%s is refused', (codec, bytes) => {
    expect(() => decompress(bytes, 1000, codec)).toThrow();
  });

  test('stops early: a million blocks of Zstandard take no memory', () => {
    const bytes = zstdBomb(100_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decompress(bytes, 300_000, 'ZSTD')).toThrow('more than 300000 bytes');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
  });
});

test('a page that inflates to less is refused', () => {
  expect(() => decompress(gzipSync('short'), 10, 'GZIP')).toThrow('has 5 bytes');
  expect(() => decompress(zstdBomb(1), 131_073, 'ZSTD')).toThrow('has 131072 bytes');
  const whole = decompress(zstdBomb(2), 262_144, 'ZSTD');
  expect(Buffer.alloc(262_144).equals(whole)).toBe(true);
});

test('a window of Zstandard larger than any page is refused', () => {
  const bytes = zstdBomb(1);
  bytes[5] = 0xa8;
  expect(() => decompress(bytes, 131_072, 'ZSTD')).toThrow('larger window');
});

test('an unknown codec is named', () => {
  expect(() => decompress(Buffer.from('abc'), 3, 'LZO')).toThrow('LZO is not supported');
});
