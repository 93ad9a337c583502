import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encoderDescriptionSchema } from '../../src/models/encoders/encoder.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import {
  changeJson,
  type Fields,
  removeDigests,
  studentRefusal,
} from '../support/hostile-student.ts';
import { classes, writeTextStudent } from '../support/students.ts';

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-test-'));
  await writeTextStudent(folder);
  removeDigests(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const refusal = () => studentRefusal(folder);
/** Sets fields of student.json. */
const described = (fields: Fields) =>
  changeJson(folder, 'student.json', (json) => ({ ...json, ...fields }));
/** Sets fields of ngrams.json. */
const sized = (fields: Fields) =>
  changeJson(folder, 'ngrams.json', (json) => ({ ...json, ...fields }));
const text = { kind: 'text', maxCharacters: 100 };
const image = { kind: 'image', height: 8, width: 8, channels: 3, mean: [0, 0, 0], std: [1, 1, 1] };
const layers = { features: image, network: undefined };

test('the student of the other tests is read', async () => {
  const student = await loadStudent(folder);
  expect(await student.predict(['a text'])).toHaveLength(1);
});

test.each<[name: string, fields: Fields, message: RegExp]>([
  [
    'longer texts than a config allows',
    { features: { ...text, maxCharacters: 10_000_000 } },
    /student\.json .*expected number to be <=1000000[^✖]*at features\.maxCharacters/s,
  ],
  ['one class', { classes: ['a'] }, /student\.json .*expected two or more[^✖]*at classes/s],
  ['a class less', { classes: ['a', 'b'] }, /has outputs: 3; student\.json needs 2/],
  ['labels', { multiLabel: true }, /has multiLabel: false; student\.json needs true/],
  ['subclasses', { subclasses: 3 }, /has subclasses: 1; student\.json needs 3/],
  ['another kind of input', { features: image }, /reads texts; .* needs features of image/],
  [
    'no mean of a channel',
    { features: { ...image, mean: [0] } },
    /student\.json .*expected one mean and one std per channel/s,
  ],
  ['an enormous image', { features: { ...image, height: 2 ** 40 } }, /at features\.height/],
  [
    'a crop of an enormous image',
    { features: { ...image, pixels: { resized: { height: 2 ** 30, width: 1 } } } },
    /at features\.pixels\.resized\.height/,
  ],
])('a description with %s is refused', async (_, fields, message) => {
  described(fields);
  expect(await refusal()).toMatch(message);
});

test('a list of a million wrong classes has one problem', async () => {
  described({ classes: Array(100_000).fill(7) });
  expect(await refusal()).toBe(
    './student.json does not have the expected form:\n✖ Invalid input: expected string, received number\n  → at classes[0]',
  );
  described({ classes: Array(1_000_000).fill(7) });
  expect(await refusal()).toMatch(/<=100000 items\n {2}→ at classes$/);
});

test('many wrong fields make a short message', async () => {
  described(Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`field ${i}`, i])));
  const message = await refusal();
  expect(message).toContain('Unrecognized keys: "field 0"');
  expect(message.length).toBeLessThan(3_000);
});

test('a nested description is refused', async () => {
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  writeFileSync(join(folder, 'student.json'), `{"classes": ${nested}}`);
  expect(await refusal()).toContain('has more than 500 levels of lists and objects');
});

test.each(['student.json', 'ngrams.json'])('no more than 64 MiB of %s are read', async (name) => {
  truncateSync(join(folder, name), 2 ** 40);
  expect(await refusal()).toBe(
    `./${name} has more than 64 MiB, which no JSON file of a student has`,
  );
});

test.each([
  ['more', 2 ** 40],
  ['fewer', 100],
])('weights of %s bytes than the tensors have are not read', async (_, bytes) => {
  const { length } = readFileSync(join(folder, 'ngrams.bin'));
  truncateSync(join(folder, 'ngrams.bin'), bytes);
  const found = bytes > length ? `more than ${length}` : bytes;
  expect(await refusal()).toBe(
    `./ngrams.bin has ${found} bytes, and ngrams.json lists tensors of ${length}`,
  );
});

test('more weights than a network may have are refused', async () => {
  const tensor = { name: 'a', dtype: 'float32', shape: [2 ** 50] };
  changeJson(folder, 'ngrams.json', (json) => ({
    ...json,
    tensors: [...(json.tensors as object[]), tensor],
  }));
  expect(await refusal()).toMatch(
    /ngrams\.json lists .* numbers, and at most 2147483648 are allowed/,
  );
});

test.each<[name: string, fields: Fields, message: RegExp]>([
  ['of another dimension', { dimension: 5 }, /the tensor 'vectors' with another type or shape/],
  ['with a hidden layer', { hidden: 4 }, /lists no tensor 'hidden\/kernel'/],
  ['of fewer buckets', { buckets: 63 }, /ngrams\.bin has the bucket 63 in row 63/],
  ['with other n-grams', { minChars: 2, maxChars: 1 }, /at maxChars/],
  ['with n-grams of no character', { minChars: 0, maxChars: 1 }, /at maxChars/],
])('an n-gram model %s is refused', async (_, fields, message) => {
  sized(fields);
  expect(await refusal()).toMatch(message);
});

test.each([0, 1, 2, 3])('tensor %i of another type or shape is refused', async (index) => {
  const before = readFileSync(join(folder, 'ngrams.json'), 'utf8');
  const changed = (how: (tensor: Fields) => Fields) =>
    sized({
      tensors: JSON.parse(before).tensors.map((tensor: Fields, at: number) =>
        at === index ? how(tensor) : tensor,
      ),
    });
  changed(({ dtype, ...tensor }) => ({
    ...tensor,
    dtype: dtype === 'uint32' ? 'float32' : 'uint32',
  }));
  expect(await refusal()).toMatch(/with another type or shape/);
  changed(({ shape, ...tensor }) => ({ ...tensor, shape: [1, ...(shape as number[])] }));
  expect(await refusal()).toMatch(/with another type or shape/);
});

test('buckets that come twice are refused', async () => {
  const weights = readFileSync(join(folder, 'ngrams.bin'));
  weights.writeUInt32LE(0, 4);
  writeFileSync(join(folder, 'ngrams.bin'), weights);
  expect(await refusal()).toContain('ngrams.bin has the bucket 0 in row 1');
});

test('a network whose file is that of n-grams is refused', async () => {
  described({ ...layers, classes });
  writeFileSync(join(folder, 'model.json'), readFileSync(join(folder, 'ngrams.json')));
  expect(await refusal()).toMatch(/model\.json does not have the expected form/);
});

test.each<[name: string, fields: Fields]>([
  ['a digest that leads elsewhere', { digest: '../../../../tmp' }],
  ['a model that is not one of its files', { model: '../../etc/passwd' }],
  ['an enormous batch', { batchSize: 2 ** 40 }],
  ['no size of images', { features: undefined }],
])('an encoder with %s is refused', (_, fields) => {
  const sha256 = '0'.repeat(64);
  const description = {
    ...{ digest: sha256, source: 'e', reads: 'image', format: 'onnx', model: 'model.onnx' },
    files: [{ path: 'model.onnx', bytes: 1, sha256 }],
    ...{ normalize: false, batchSize: 32, features: image },
  };
  expect(encoderDescriptionSchema.safeParse(description).success).toBe(true);
  expect(encoderDescriptionSchema.safeParse({ ...description, ...fields }).success).toBe(false);
});
