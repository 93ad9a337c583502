import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { encodeSafetensors, floatsOf, parseSafetensors } from '../../src/models/safetensors.ts';

/** A file with a header of the test's choice. */
function fileOf(header: unknown, data: Uint8Array = new Uint8Array()): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

const tensor = (dtype: string, shape: number[], from: number, to: number) => ({
  dtype,
  shape,
  data_offsets: [from, to],
});

test('what is written is read, in any order of the header', () =>
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-zé.]{1,9}$/), fc.array(fc.float())),
      (arrays) => {
        const tensors = Object.entries(arrays).map(([name, array]) => {
          return [name, { shape: [array.length], values: Float32Array.from(array) }] as const;
        });
        const file = Buffer.from(encodeSafetensors(new Map(tensors), { format: 'pt' }));
        const end = 8 + Number(file.readBigUInt64LE());
        const header = Object.entries(JSON.parse(file.toString('utf8', 8, end))).reverse();
        const turned = fileOf(Object.fromEntries(header), file.subarray(end));
        const { tensors: read, metadata } = parseSafetensors(turned, 'a');
        expect(metadata).toEqual({ format: 'pt' });
        expect(read.size).toBe(tensors.length);
        for (const [name, { shape, values }] of tensors) {
          expect(read.get(name)!.shape).toEqual(shape);
          expect(floatsOf(read.get(name)!)).toEqual(values);
        }
      },
    ),
    { numRuns: 30 },
  ));

test.each([
  // From numpy: float16 of these, and the upper halves of float32.
  ['F16', [0x3c00, 0xc000, 0x3555, 0x0001, 0x03ff, 0x7bff, 0x8000, 0x7c00]],
  ['BF16', [0x3f80, 0xc000, 0x3eab, 0x0001, 0x007f, 0x7f7f, 0x8000, 0x7f80]],
])('%s is converted to float32', (dtype, bits) => {
  const data = new Uint8Array(Uint16Array.from(bits).buffer);
  const file = fileOf({ a: tensor(dtype, [8], 0, 16) }, data);
  const found = [...floatsOf(parseSafetensors(file, 'a').tensors.get('a')!)];
  const [small, belowNormal, largest] =
    dtype === 'F16'
      ? [2 ** -24, 1023 * 2 ** -24, 65504]
      : [2 ** -133, 127 * 2 ** -133, 255 * 2 ** 120];
  const third = dtype === 'F16' ? 0.333251953125 : 0.333984375;
  expect(found).toEqual([1, -2, third, small, belowNormal, largest, -0, Number.POSITIVE_INFINITY]);
});

test('a NaN stays one', () => {
  const data = new Uint8Array(Uint16Array.of(0x7e00).buffer);
  const { tensors } = parseSafetensors(fileOf({ a: tensor('F16', [], 0, 2) }, data), 'a');
  expect(floatsOf(tensors.get('a')!)[0]).toBeNaN();
});

const four = new Uint8Array(4);
const eight = new Uint8Array(8);

test.each<[string, Uint8Array, string]>([
  ['an empty file', new Uint8Array(), 'is not a safetensors file, or is cut off'],
  ['a zip file, as of PyTorch', Buffer.from('PK\x03\x04 and so on'), 'is not a safetensors file'],
  [
    'a header of more than 4 MiB',
    fileOf({ __metadata__: { a: 'x'.repeat(2 ** 22) } }, new Uint8Array()),
    'is not a safetensors file',
  ],
  [
    'a header that is cut',
    fileOf({ a: tensor('F32', [1], 0, 4) }, four).subarray(0, 20),
    'cut off',
  ],
  ['a header that is not JSON', fileOf('{"a"'), 'its header is not JSON'],
  ['a header that is not UTF-8', fileOf('a').fill(0xff, 8), 'its header is not JSON'],
  ['a list', fileOf([]), 'has a header that cannot be read'],
  ['a tensor without offsets', fileOf({ w: { dtype: 'F32', shape: [1] } }), 'w.data_offsets'],
  ['a negative size', fileOf({ w: tensor('F32', [-1], 0, 4) }, four), 'w.shape'],
  [
    'an unknown type',
    fileOf({ w: tensor('F33', [1], 0, 4) }, four),
    "'w' has the unknown type F33",
  ],
  [
    'a shape of other bytes',
    fileOf({ w: tensor('F32', [2], 0, 4) }, four),
    "'w' has 4 bytes, and [2] of F32 need 8",
  ],
  [
    'a shape beyond all numbers',
    fileOf({ w: tensor('F32', [2 ** 52, 2 ** 52], 0, 4) }, four),
    "'w' has 4 bytes",
  ],
  ['data that are cut', fileOf({ w: tensor('F32', [2], 0, 8) }, four), "'w' is cut off"],
  [
    'tensors that overlap',
    fileOf({ v: tensor('F32', [1], 0, 4), w: tensor('F32', [1], 2, 6) }, eight),
    "'w' overlaps",
  ],
  [
    'a gap',
    fileOf({ v: tensor('F32', [1], 4, 8) }, eight),
    "'v' starts 4 bytes after the tensor before it",
  ],
  ['bytes at the end', fileOf({ v: tensor('F32', [1], 0, 4) }, eight), 'has 4 bytes after'],
])('%s is refused', (_, file, message) => {
  let error: unknown;
  try {
    parseSafetensors(file, 'net/a.safetensors');
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toContain(message);
  expect((error as UserError).message).toContain("'net/a.safetensors'");
  expect((error as UserError).hint).toBeTruthy();
});
