import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import type { Features } from '../../src/data/features/index.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import type { StudentExample } from '../../src/models/student-input.ts';
import { predictPaths } from '../../src/predict/predict-paths.ts';
import { tf } from '../../src/tensorflow.ts';
import { writeStudent } from '../support/network-students.ts';

/** Predicts a folder. Returns the rows as numbers by id, and the messages. */
async function predictFolder(folder: string) {
  const messages: string[] = [];
  const out = join(folder, 'p.jsonl');
  await predictPaths({
    ...{ student: join(folder, 'student'), paths: [join(folder, 'data')], results: folder },
    ...{ format: 'jsonl', out, maxUnusable: 0.5, stdin: process.stdin, stdout: process.stdout },
    onProgress: ({ message }) => message && messages.push(message.replaceAll(folder, '.')),
    prepareTensorFlow: async () => {},
  });
  const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
  const rows = lines.map((line) => JSON.parse(line));
  const probabilities = rows.map((row): number[] => Object.values(row.probabilities));
  const ids = rows.map(({ id }) => String(id).replace(folder, '.'));
  return { ids, probabilities, messages };
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'predict-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'data'));
  return folder;
}

/** Returns the probabilities that a program gets. */
async function inProgram(folder: string, examples: readonly StudentExample[]) {
  const student = await loadStudent(join(folder, 'student'));
  const answers = await student.predict(examples);
  student.dispose();
  return answers.map(({ probabilities }) => [...probabilities]);
}

function expectClose(found: readonly number[][], expected: readonly number[][]): void {
  expect(found.length).toBe(expected.length);
  for (const [row, numbers] of expected.entries()) {
    for (const [index, value] of numbers.entries()) {
      expect(found[row]![index]).toBeCloseTo(value, 6);
    }
  }
}

test('images of a folder have the probabilities of a program, without a damaged one', async () => {
  const folder = makeFolder();
  const features: Features = {
    ...{ kind: 'image', height: 8, width: 8, channels: 1 },
    ...{ mean: [0.5], std: [0.2] },
  };
  await writeStudent(join(folder, 'student'), features);
  const images = await Promise.all(
    [20, 90, 220].map((shade) =>
      sharp({ create: { width: 9, height: 7, channels: 3, background: { r: shade, g: 9, b: 5 } } })
        .jpeg()
        .toBuffer(),
    ),
  );
  for (const [index, bytes] of images.entries()) {
    writeFileSync(join(folder, `data/${index}.jpg`), bytes);
  }
  writeFileSync(join(folder, 'data/0-damaged.png'), 'no image');
  const before = tf.memory().numTensors;
  const { ids, probabilities, messages } = await predictFolder(folder);
  expect(tf.memory().numTensors).toBe(before);
  expect(ids).toEqual(['./data/0.jpg', './data/1.jpg', './data/2.jpg']);
  expect(messages).toEqual([
    './data/0-damaged.png cannot be used: The image is not a JPEG, PNG or WebP file.',
  ]);
  expectClose(probabilities, await inProgram(folder, images));
});

test('rows have the probabilities of a program, and columns of other values a warning', async () => {
  const folder = makeFolder();
  const features: Features = {
    kind: 'row',
    columns: [
      { kind: 'numeric', name: 'age', mean: 40, std: 10, range: [0, 90] },
      { kind: 'categorical', name: 'country', values: ['DE', 'FR'] },
      { kind: 'categorical', name: 'sex', values: ['f', 'm'] },
    ],
    missing: ['?'],
  };
  await writeStudent(join(folder, 'student'), features);
  const rows = Array.from({ length: 12 }, (_, index) => ({
    ...{ age: 400 + index, country: index % 3 ? 'FR' : null, sex: 'male' },
  }));
  const lines = rows.map(({ age, country, sex }) => `${sex},${age},${country ?? ''}\n`);
  writeFileSync(join(folder, 'data/rows.csv'), `sex,age,country\n${lines.join('')}`);
  const { ids, probabilities, messages } = await predictFolder(folder);
  expect(ids[11]).toBe('./data/rows.csv:11');
  expect(messages).toEqual([
    'column age: 100% of the numbers are far outside the range of the training, 0 to 90; check for another unit',
    'column sex: 100% of the rows have no value that the student knows, such as f, m',
  ]);
  expectClose(probabilities, await inProgram(folder, rows));
});
