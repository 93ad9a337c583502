import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkRuns, endOfDeltas } from '../../../src/data/parquet/encodings.ts';

const runs = (
  bytes: readonly number[],
  width: number,
  count: number,
  limit: number,
  counted?: number,
) =>
  checkRuns(Uint8Array.from(bytes), { start: 0, end: bytes.length, width, count, limit }, counted);

describe('runs', () => {
  test('counts a number in repeated and in packed runs', () => {
    // Five times 1; then one group of eight: 1, 0, 1, 0, 0, 0, 0, 0, of which three are needed.
    expect(runs([5 << 1, 1, 0b11, 0b101], 1, 8, 2, 1)).toBe(7);
  });

  test('reads packed numbers across bytes', () => {
    // Eight numbers of three bits: 0 to 7.
    const packed = [0b11, 0b10001000, 0b11000110, 0b11111010];
    expect(runs(packed, 3, 8, 8, 5)).toBe(1);
    expect(() => runs(packed, 3, 8, 7)).toThrow('the number 7');
  });

  test('counts and limits packed numbers of every width', () => {
    const widths = fc.integer({ min: 1, max: 24 });
    const packed = widths.chain((width) =>
      fc.record({
        width: fc.constant(width),
        numbers: fc.array(fc.nat(2 ** width - 1), { minLength: 1, maxLength: 40 }),
        counted: fc.nat(2 ** width - 1),
        after: fc.array(fc.nat(255), { maxLength: 5 }),
      }),
    );
    fc.assert(
      fc.property(packed, ({ width, numbers, counted, after }) => {
        const groups = Math.ceil(numbers.length / 8);
        let bits = 0n;
        numbers.forEach((number, index) => {
          bits |= BigInt(number) << BigInt(index * width);
        });
        const bytes = Array.from({ length: groups * width }, (_, index) =>
          Number((bits >> BigInt(8 * index)) & 255n),
        );
        const all = [2 * groups + 1, ...bytes, ...after];
        const occurrences = numbers.filter((number) => number === counted).length;
        expect(runs(all, width, numbers.length, 2 ** width, counted)).toBe(occurrences);
        const largest = Math.max(...numbers);
        expect(runs(all, width, numbers.length, largest + 1, counted)).toBe(occurrences);
        expect(() => runs(all, width, numbers.length, largest, counted)).toThrow('the number');
      }),
    );
  });

  test.each([
    ['a run of 2^28 numbers', [0x80, 0x80, 0x80, 0x80, 0x02, 1], 1, 'too long'],
    ['a run after the end of the page', [0x10 << 1], 9, 'leaves the page'],
    ['packed groups without bytes', [0xff, 0xff, 0xff, 0xff, 0x0f], 1, 'leaves the page'],
    ['an endless header', Array<number>(12).fill(0xff), 1, 'more than 10 bytes'],
    ['a packed run of nothing', [1, 1, 1], 1, 'empty'],
    ['wide numbers', [2, 0, 0, 0, 0], 32, '32 bits'],
    ['a number beyond the dictionary', [2 << 1, 200], 8, 'the number 200'],
  ])('%s is refused', (_, bytes, width, message) => {
    expect(() => runs(bytes, width, 16, 100)).toThrow(message);
  });
});

describe('deltas', () => {
  const deltas = (bytes: readonly number[], count: number) =>
    endOfDeltas(Uint8Array.from(bytes), 0, count);

  test('ends after the last part that has numbers', () => {
    // Blocks of 128 numbers in 4 parts; the first part of the only block has 1 bit per number.
    const block = [0x80, 0x01, 4, 3, 0, 2, 1, 0, 0, 0, 0b11, 0, 0, 0];
    expect(deltas(block, 3)).toBe(block.length);
  });

  test.each([
    ['no parts', [0x80, 0x01, 0, 3, 0, 2], 'in 0 parts'],
    ['more parts than numbers', [8, 0x80, 0x80, 0x40, 3, 0, 2], 'deltas in'],
    ['huge blocks', [0x80, 0x80, 0x80, 0x80, 0x08, 4, 3, 0, 2], 'deltas in'],
    ['a part that is not there', [0x80, 0x01, 4, 3, 0, 2, 64, 0, 0, 0, 1], 'leave the page'],
  ])('%s are refused', (_, bytes, message) => {
    expect(() => deltas(bytes, 100)).toThrow(message);
  });
});
