import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Features } from '../../src/data/features/index.ts';
import { randomFor } from '../../src/data/random.ts';
import { UserError } from '../../src/errors.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import type { StudentExample } from '../../src/models/student-input.ts';
import { tf } from '../../src/tensorflow.ts';
import { writeStudent } from '../support/network-students.ts';
import { refusalOf } from '../support/refusal.ts';
import { classes, greyImage, smallRow } from '../support/students.ts';

const row: Features = { ...smallRow, missing: ['?'] };
const vector: Features = { kind: 'vector', length: 5 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'student-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

const pixels = Uint8Array.from({ length: 64 }, (_, i) => i * 4);
const png = sharp(pixels, { raw: { width: 8, height: 8, channels: 1 } }).png();

describe.each([
  ['image', greyImage, async (): Promise<StudentExample[]> => [await png.toBuffer(), { pixels }]],
  [
    'row',
    row,
    async () => [
      { age: 30, kind: 'b' },
      { age: '?', kind: null },
      { age: null, kind: 'x', other: 1 },
    ],
  ],
  ['vector', vector, async () => [[1, 2, 3, 4, 5], Float32Array.of(5, 4, 3, 2, 1)]],
] as const)('a student of the kind %s', (_, features, make) => {
  test('predicts examples as a program has them, and leaves no tensor behind', async () => {
    await writeStudent(folder, features);
    const before = tf.memory().numTensors;
    const student = await loadStudent(folder);
    expect(student.classes).toEqual(classes);
    const examples: readonly StudentExample[] = await make();
    const first = await student.predict(examples);
    const loaded = tf.memory().numTensors;
    expect(await student.predict(examples)).toEqual(first);
    expect(tf.memory().numTensors).toBe(loaded);
    expect(first.length).toBe(examples.length);
    for (const { class: name, labels, probabilities } of first) {
      expect(labels).toEqual([name]);
      expect(probabilities.length).toBe(3);
      expect(probabilities.reduce((sum, p) => sum + p)).toBeCloseTo(1, 6);
      expect(name).toBe(classes[probabilities.indexOf(Math.max(...probabilities))]);
    }
    student.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('a student of a multi-label task names every label that is more likely than not', async () => {
  await writeStudent(folder, vector, { multiLabel: true });
  const student = await loadStudent(folder);
  const random = randomFor(1);
  const vectors = Array.from({ length: 40 }, () =>
    Float32Array.from({ length: 5 }, () => 8 * random() - 4),
  );
  const found = await student.predict(vectors);
  for (const { class: name, labels, probabilities } of found) {
    expect(labels).toEqual(classes.filter((_, label) => probabilities[label]! > 0.5));
    expect(name).toBe(classes[probabilities.indexOf(Math.max(...probabilities))]);
  }
  const counts = new Set(found.map(({ labels }) => labels.length));
  expect(counts.size).toBeGreaterThan(1);
  student.dispose();
});

test('pixels are what the file decodes to, and more than a batch keeps its order', async () => {
  await writeStudent(folder, greyImage);
  const student = await loadStudent(folder);
  const file = await png.toBuffer();
  const [fromFile, fromPixels] = await student.predict([file, { pixels }]);
  expect(fromFile).toEqual(fromPixels);
  const other = { pixels: pixels.toReversed() };
  const many = await student.predict(
    Array.from({ length: 600 }, (_, i) => (i === 599 ? other : file)),
  );
  // A batch of another size rounds differently.
  expect(many[0]!.class).toBe(fromFile!.class);
  many[0]!.probabilities.forEach((probability, index) => {
    expect(probability).toBeCloseTo(fromFile!.probabilities[index]!, 5);
  });
  expect(many[599]!.probabilities).not.toEqual(fromFile!.probabilities);
  expect(many[599]!.class).toBe((await student.predict([other]))[0]!.class);
  student.dispose();
});

test.each([
  ['a row', greyImage, { age: 3 }, "the kind 'image'"],
  ['bytes of no image', greyImage, Uint8Array.of(1, 2, 3), 'not a JPEG, PNG or WebP'],
  ['pixels of another size', greyImage, { pixels: new Uint8Array(9) }, 'expected 8 × 8 × 1'],
  ['pixels from 0 to 1', greyImage, { pixels: new Float32Array(64).fill(0.5) }, "the kind 'image'"],
  ['null', greyImage, null as never, "the kind 'image'"],
  ['a vector', row, [1, 2], "the kind 'row'"],
  ['text where a number should be', row, { age: 'old' }, "column 'age' is 'old'"],
  ['another length', vector, [1, 2], 'has 2 numbers; expected 5'],
] as [string, Features, StudentExample, string][])(
  '%s is refused with its index',
  async (_, features, example, message) => {
    await writeStudent(folder, features);
    const student = await loadStudent(folder);
    const error = await refusalOf(student.predict([example]));
    expect(String(error)).toContain('example 0 cannot be used');
    expect(String(error)).toContain(message);
    student.dispose();
  },
);

test('a folder without a student, or with a damaged one, is refused', async () => {
  await expect(loadStudent(folder)).rejects.toThrow(UserError);
  await writeStudent(folder, vector);
  await writeFile(join(folder, 'weights.bin'), '');
  await expect(loadStudent(folder)).rejects.toThrow('weights.bin was changed after it');
});
