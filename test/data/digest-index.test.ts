import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestBytes } from '../../src/data/content-digest.ts';
import { DigestIndex } from '../../src/data/digest-index.ts';

/** Digests that often share their first bytes, so that their slots collide. */
const digest = fc
  .tuple(fc.nat(3), fc.nat(40))
  .map(([first, last]) => Uint8Array.of(first, 0, 0, 0, ...new Uint8Array(11), last));

test('numbers digests as a map does', () => {
  fc.assert(
    fc.property(fc.array(digest, { maxLength: 300 }), digest, (digests, absent) => {
      const index = new DigestIndex();
      const model = new Map<string, number>();
      for (const one of digests) {
        const key = one.join();
        const expected = model.get(key);
        expect(index.find(one)).toBe(expected);
        expect(index.add(one)).toBe(expected ?? model.size);
        if (expected === undefined) model.set(key, model.size);
      }
      expect(index.size).toBe(model.size);
      expect(index.find(absent)).toBe(model.get(absent.join()));
      for (const [key, number] of model) expect(index.at(number).join()).toBe(key);
    }),
    { numRuns: 50 },
  );
});

test('grows', () => {
  const index = new DigestIndex();
  const digestOf = (n: number) => {
    const bytes = Buffer.alloc(digestBytes);
    bytes.writeUInt32LE(Math.imul(n, 0x9e3779b1) >>> 0);
    return bytes;
  };
  for (let n = 0; n < 5_000; n++) expect(index.add(digestOf(n))).toBe(n);
  for (let n = 0; n < 5_000; n++) expect(index.find(digestOf(n))).toBe(n);
  expect(index.find(digestOf(5_000))).toBeUndefined();
});
