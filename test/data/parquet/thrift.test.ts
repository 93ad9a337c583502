import { expect, test } from 'vitest';
import { endOfStruct } from '../../../src/data/parquet/thrift.ts';

const end = (bytes: readonly number[], maxValues = 100) =>
  endOfStruct(Uint8Array.from(bytes), 0, maxValues);

test('finds the end of a struct with all types', () => {
  // 1: true; 2: byte; 3: i32 300; 4: i64 1; 5: double; 6: "ab"; 7: [true, false]; 8: {}.
  const struct = [
    ...[0x11, 0x13, 7, 0x15, 0xac, 0x02, 0x16, 2, 0x17, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[0x18, 2, 97, 98, 0x19, 0x21, 1, 0, 0x1c, 0, 0],
  ];
  expect(end(struct)).toBe(struct.length);
  for (let length = 0; length < struct.length; length++) {
    expect(() => end(struct.slice(0, length))).toThrow('its metadata');
  }
});

test.each([
  ['an integer of many bytes', [0x15, ...Array<number>(20).fill(0xff), 0], 'more than 5 bytes'],
  ['a text that ends after the file', [0x18, 0x7f, 1, 0], 'ends within a value'],
  ['a list of 2^28 items', [0x19, 0xf3, 0x80, 0x80, 0x80, 0x80, 0x01, 0], 'ends within a list'],
  ['structs in structs', Array<number>(1000).fill(0x1c), 'nested too deeply'],
  ['lists in lists', Array<number>(1000).fill(0x19), 'nested too deeply'],
  ['an unknown type', [0x1f, 0], 'unknown type 15'],
  ['too many values', [0x19, 0xf3, 101, ...Array<number>(101).fill(0), 0], 'more than 100 values'],
])('%s is refused', (_, bytes, message) => {
  expect(() => end(bytes)).toThrow(message);
});
