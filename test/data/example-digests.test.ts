import { expect, test } from 'vitest';
import { createDigester, fromHex, toHex } from '../../src/data/content-digest.ts';
import type { Content } from '../../src/data/example.ts';
import { ExampleDigests } from '../../src/data/example-digests.ts';
import type { Features } from '../../src/data/features/index.ts';

const digest = (byte: number) => new Uint8Array(16).fill(byte);

test('counts the examples of a set that another set has, equal ones several times', () => {
  const tests = new ExampleDigests();
  expect(tests.isEmpty).toBe(true);
  for (const byte of [1, 2, 2, 3, 4]) tests.add(digest(byte));
  expect(tests.mark(digest(2), 'labeled')).toBe(true);
  expect(tests.mark(digest(2), 'unlabeled')).toBe(true);
  expect(tests.mark(digest(3), 'validation')).toBe(true);
  expect(tests.mark(digest(5), 'labeled')).toBe(false);
  expect([tests.examples, tests.copies]).toEqual([5, 3]);
  expect(tests.setsOf(digest(2))).toEqual(['labeled', 'unlabeled']);
  expect(tests.setsOf(digest(1))).toEqual([]);
  expect(tests.setsOf(digest(5))).toEqual([]);

  const read = ExampleDigests.fromBytes(tests.toBytes());
  for (const byte of [1, 2, 3, 4, 5]) {
    expect(read.setsOf(digest(byte))).toEqual(tests.setsOf(digest(byte)));
  }
});

test('a digest is 16 bytes, which hexadecimal digits name', () => {
  const { features, content } = row({ x: '1' });
  const bytes = createDigester(features)(content);
  expect(bytes).toHaveLength(16);
  expect(fromHex(toHex(bytes))).toEqual(Buffer.from(bytes));
});

/** A row with its features: the numbers x and y, and the texts c. */
function row(columns: Record<string, string | number | null>) {
  const numeric = (name: string) => ({ kind: 'numeric' as const, name, mean: 0, std: 1 });
  const features: Features = {
    kind: 'row',
    columns: [numeric('x'), numeric('y'), { kind: 'categorical', name: 'c', values: ['a'] }],
    missing: ['NA'],
  };
  return { features, content: { kind: 'row', columns } satisfies Content };
}

const hexOf = (columns: Record<string, string | number | null>) => {
  const { features, content } = row(columns);
  return toHex(createDigester(features)(content));
};

test.each([
  [{ id: '7', x: '1', y: '2', c: 'a', label: 'cat' }],
  [{ c: 'a', y: '2', x: '1' }],
  [{ x: '1.0', y: '2e0', c: ' a ' }],
  [{ x: 1, y: 2, c: 'a' }],
])('rows are equal if the values of their features are: %j', (columns) => {
  expect(hexOf(columns)).toBe(hexOf({ x: '1', y: '2', c: 'a' }));
});

test.each([
  [{ x: '2', y: '1', c: 'a' }],
  [{ x: '1', y: '2', c: 'b' }],
  [{ x: '1', y: '2', c: null }],
  [{ x: '12', y: '', c: 'a' }],
])('rows with other values differ: %j', (columns) => {
  expect(hexOf(columns)).not.toBe(hexOf({ x: '1', y: '2', c: 'a' }));
});

test('missing values are equal, however they are written', () => {
  const missing = hexOf({ x: null, y: '2', c: '' });
  expect(hexOf({ y: '2' })).toBe(missing);
  for (const text of ['NA', ' NaN ', '#N/A', 'NULL', '-']) {
    expect(hexOf({ x: text, y: '2', c: text })).toBe(missing);
  }
  expect(hexOf({ x: '-999999', y: '2', c: null })).not.toBe(missing);
});

test('rows are read as in their columns: notation, stand-ins, texts that count as missing', () => {
  const features: Features = {
    kind: 'row',
    columns: [
      {
        ...{ kind: 'numeric', name: 'x', mean: 0, std: 1 },
        ...{ notation: 'comma', range: [0, 2000], missing: ['unknown'] },
      },
      { kind: 'categorical', name: 'c', values: ['2'] },
    ],
    missing: [],
  };
  const digest = createDigester(features);
  const hex = (x: string, c: string) => toHex(digest({ kind: 'row', columns: { x, c } }));
  expect(hex('1.234,50', '2.0')).toBe(hex('1234,5', '2'));
  expect(hex('unknown', '2')).toBe(hex('', '2'));
  expect(hex('-999999', '2')).toBe(hex('', '2'));
  // Two categories that the labeled set does not have are still two.
  expect(hex('1', 'Oslo')).not.toBe(hex('1', 'Bonn'));
});

test('vectors are equal if their floats are, also as parts of a buffer', () => {
  const features: Features = { kind: 'vector', length: 2 };
  const of = (values: Float32Array) => toHex(createDigester(features)({ kind: 'vector', values }));
  const all = Float32Array.of(0, 1, 2, 1, 2);
  expect(of(all.subarray(1, 3))).toBe(of(all.subarray(3)));
  expect(of(all.subarray(0, 2))).not.toBe(of(all.subarray(3)));
});
