import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { checksumOf, etagOf, partBytesOf } from '../../src/aws/s3-etag.ts';

const mebibyte = 1024 ** 2;

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1_000_000) yield bytes.subarray(at, at + 1_000_000);
}

test('a file in one part has its own digests', async () => {
  const bytes = Buffer.from('id\n1\n');
  const digest = (algorithm: string) => createHash(algorithm).update(bytes);
  expect(await etagOf(chunksOf(bytes), bytes.length)).toBe(`"${digest('md5').digest('hex')}"`);
  expect(await checksumOf(chunksOf(bytes), bytes.length)).toBe(digest('sha256').digest('base64'));
});

test('a file in several parts has the digests of their digests', async () => {
  const bytes = Buffer.alloc(20 * mebibyte, 'abc');
  const parts = [0, 8, 16].map((start) => bytes.subarray(start * mebibyte, (start + 8) * mebibyte));
  expect(partBytesOf(bytes.length)).toBe(8 * mebibyte);
  const whole = (algorithm: string) => {
    const digests = parts.map((part) => createHash(algorithm).update(part).digest());
    return createHash(algorithm).update(Buffer.concat(digests));
  };
  expect(await etagOf(chunksOf(bytes), bytes.length)).toBe(`"${whole('md5').digest('hex')}-3"`);
  expect(await checksumOf(chunksOf(bytes), bytes.length)).toBe(
    `${whole('sha256').digest('base64')}-3`,
  );
});
