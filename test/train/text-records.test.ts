import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manyLabels } from '../../src/debias/decisions.ts';
import { TextRecords } from '../../src/train/text-records.ts';

const decisions = manyLabels(2);
/** Bytes of a record without its text. */
const fixedBytes = 4 * (2 + 2 + 2) + 12;

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
const supervisionOf = (number: number) => ({
  target: Float32Array.of(number, number / 2),
  teacherMargins: Float32Array.of(number / 4, Number.NaN),
  weights: Float32Array.of(number / 8, 1),
});

function emptyBatch(size: number) {
  return {
    size,
    rows: { n: size, texts: [] },
    targets: new Float32Array(size * 2),
    teacherMargins: new Float32Array(size * 2),
    weights: new Float32Array(size * 2),
  };
}

describe('records of texts', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { maxLength: 20 });

  test('give back every text and its supervision, in any order', () =>
    fc.assert(
      fc.property(texts, fc.nat(), (texts, shift) => {
        const records = TextRecords.reserve(texts.length, decisions, 1e6)!;
        const numbers = texts.map((_, index) => (index + shift) % texts.length);
        for (const number of numbers) {
          expect(records.put(number, bytesOf(texts[number]!), supervisionOf(number))).toBe(true);
        }
        const batch = emptyBatch(texts.length);
        for (const row of texts.keys()) records.supervise(row, batch, row);
        expect(texts.map((_, number) => records.text(number))).toEqual(texts);
        expect([...batch.targets]).toEqual(texts.flatMap((_, row) => [row, row / 2]));
        expect([...batch.teacherMargins]).toEqual(texts.flatMap((_, row) => [row / 4, Number.NaN]));
        expect([...batch.weights]).toEqual(texts.flatMap((_, row) => [row / 8, 1]));
      }),
    ));

  test('take no more memory than they may', () => {
    expect(TextRecords.reserve(3, decisions, 3 * fixedBytes - 1)).toBeUndefined();
    const records = TextRecords.reserve(3, decisions, 3 * fixedBytes + 10)!;
    expect(records.put(0, bytesOf('12345'), supervisionOf(0))).toBe(true);
    expect(records.put(1, bytesOf('67890'), supervisionOf(1))).toBe(true);
    expect(records.put(2, bytesOf('1'), supervisionOf(2))).toBe(false);
    expect([0, 1].map((number) => records.text(number))).toEqual(['12345', '67890']);
  });

  test('hold a text that is longer than a piece of memory', () => {
    const records = TextRecords.reserve(2, decisions, 8e6)!;
    const long = 'ü'.repeat(2 ** 20);
    for (const [number, text] of [long, 'short'].entries()) {
      records.put(number, bytesOf(text), supervisionOf(number));
    }
    expect(records.text(0) === long).toBe(true);
    expect(records.text(1)).toBe('short');
  });
});
