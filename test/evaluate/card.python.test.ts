/** The Python programs of model cards, each run on raw examples and compared with `loadStudent`. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { randomFor } from '../../src/data/random.ts';
import { rowPython } from '../../src/evaluate/card/row-python.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import type { StudentExample } from '../../src/models/student-input.ts';
import { keys } from '../../src/run/keys.ts';
import { type Dataset, makeDataset, writeConfig } from '../support/datasets.ts';
import { hardColumns, hardRows } from '../support/hard-cells.ts';
import { makeWeather } from '../support/multi-label.ts';
import { writeStudent } from '../support/network-students.ts';
import { finished } from '../support/staged-run.ts';

const python = inject('python');
const random = randomFor(5);

/** Finishes a run, and returns the folder of its student. */
async function trained(made: Dataset): Promise<string> {
  const { job } = await finished(made);
  return join(made.results, keys.student(job.run, job.plan.variants[0]!.name));
}

/** Returns the Python of a card, without its example. */
function programOf(folder: string): string {
  const card = readFileSync(join(folder, 'MODEL.md'), 'utf8');
  return /^```python\n(.*?)^print\([^\n]*\n```/ms.exec(card)![1]!;
}

/** Runs the `predict` of a program in Python, once per JSON value. */
function predictInPython(
  folder: string,
  examples: readonly unknown[],
  program = programOf(folder),
): Record<string, number>[] {
  // A user's program has names of its own.
  const loop =
    'rows = []\nimport sys\nfor line in sys.stdin: print(json.dumps(predict(json.loads(line))))\n';
  const lines = examples.map((example) => JSON.stringify(example));
  const printed = execFileSync(python!, ['-I', '-c', `${program}${loop}`], {
    cwd: folder,
    input: lines.join('\n'),
    encoding: 'utf8',
    stdio: 'pipe',
  });
  return printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>);
}

/** Predicts with `loadStudent`, by the names of the classes. */
async function predictHere(folder: string, examples: readonly StudentExample[]) {
  const student = await loadStudent(folder);
  const answers = await student.predict(examples);
  student.dispose();
  return answers.map(({ probabilities }) =>
    Object.fromEntries(student.classes.map((name, index) => [name, probabilities[index]!])),
  );
}

async function expectAlike(
  folder: string,
  examples: readonly StudentExample[],
  json: readonly unknown[] = examples,
  tolerance = 1e-5,
  program = programOf(folder),
): Promise<void> {
  const found = predictInPython(folder, json, program);
  const expected = await predictHere(folder, examples);
  expect(found).toHaveLength(examples.length);
  for (const [index, probabilities] of expected.entries()) {
    expect(Object.keys(found[index]!)).toEqual(Object.keys(probabilities));
    for (const [name, value] of Object.entries(probabilities)) {
      expect(Math.abs(found[index]![name]! - value), `${index}, ${name}`).toBeLessThan(tolerance);
    }
  }
}

/** Returns the paths of the images of the test set. */
function testImages({ dataset }: Dataset): string[] {
  const folder = join(dataset, 'test');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.png'))
    .map((name) => join(folder, name));
}

function addEncoder(kind: 'image' | 'text', dataset: string): void {
  const fixture = join(import.meta.dirname, '../fixtures/encoders', kind);
  cpSync(fixture, join(dataset, 'encoder'), { recursive: true });
}

const head = '{ encoder: encoder, head: linear, epochs: 3, batchSize: 32 }';
const quick = { compare: '[]', warmup: '{ epochs: 1 }', publish: '{ minGain: -1 }' };

describe.skipIf(python === undefined)('the Python of a model card', () => {
  test('predicts images', async () => {
    const made = makeDataset('images', quick);
    const paths = testImages(made);
    const glass = join(made.dataset, 'glass.png');
    const { width, height } = await sharp(paths[0]!).metadata();
    // Bright pixels, of which every second one is transparent.
    const pixels = Uint8Array.from({ length: 4 * width * height }, (_, i) =>
      i % 8 === 3 ? 0 : 255 - (i % 4 === 3 ? 0 : i % 100),
    );
    await sharp(pixels, { raw: { width, height, channels: 4 } })
      .png()
      .toFile(glass);
    paths.push(glass);
    await expectAlike(
      await trained(made),
      paths.map((path) => readFileSync(path)),
      paths,
    );
  });

  test('fits photos to the student as preprocess does', async () => {
    const made = makeDataset('images', {
      ...quick,
      task: "{ type: image-classification, classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], size: [6, 6], channels: 3, preprocess: { resize: { fit: shortest-side-then-center-crop, size: 8, filter: bicubic }, crop: 6, mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] } }",
    });
    const folder = await trained(made);
    const paths: string[] = [];
    for (const [index, path] of testImages(made).entries()) {
      paths.push(join(made.dataset, `${index}.png`));
      const size = { width: 30 + index, height: 40, fit: 'fill' as const };
      await sharp(path).resize(size).toColourspace('srgb').png().toFile(paths[index]!);
    }
    await expectAlike(
      folder,
      paths.map((path) => readFileSync(path)),
      paths,
      0.02,
    );
  });

  test('predicts images with an encoder', async () => {
    const made = makeDataset('images', { ...quick, teacher: `{ train: ${head} }`, student: head });
    addEncoder('image', made.dataset);
    const paths = testImages(made);
    await expectAlike(
      await trained(made),
      paths.map((path) => readFileSync(path)),
      paths,
      1e-3,
    );
  });

  test('predicts rows, with missing values', async () => {
    const folder = await trained(makeDataset('csv', quick));
    const row = { alcohol: 13.2, malic: 1.8, ash: 2.3, alcalinity: 18.5, phenols: 1.6, hue: 1.1 };
    const rows = [
      { ...row, shade: 'pale' },
      { ...row, alcohol: 12.1, shade: 'dark' },
      { ...row, hue: null, shade: null },
      { ...row, shade: 'never seen' },
    ];
    await expectAlike(folder, rows);
  });

  test('reads cells of a table as the student does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    await writeStudent(folder, hardColumns);
    const program = rowPython(hardColumns, '0').slice(0, -1).join('\n');
    const rows = hardRows();
    await expectAlike(folder, rows, rows, 1e-6, program);
    for (const [change, message] of [
      [{ size: 'about 3' }, "column 'size' is 'about 3', not a number, in the row {"],
      [{ size: undefined }, "there is no column 'size' in the row {"],
    ] as const) {
      const wrong = { ...rows[0], ...change };
      expect(() => predictInPython(folder, [wrong], program)).toThrow(message);
    }
  });

  test('predicts vectors', async () => {
    const folder = await trained(makeDataset('parquet-vectors', quick));
    const vectors = Array.from({ length: 20 }, () =>
      Array.from({ length: 64 }, () => 16 * random()),
    );
    await expectAlike(folder, vectors);
  });

  test('predicts several labels', async () => {
    const folder = await trained(makeWeather({ ...quick }));
    const days = Array.from({ length: 20 }, () => ({
      heat: random(),
      wind: random(),
      water: random(),
    }));
    await expectAlike(folder, days);
  });

  test('predicts texts with an encoder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const dataset = join(folder, 'texts');
    const words = ['good', 'bad', 'film', 'plot', 'the'];
    const textOf = () => Array.from({ length: 5 }, () => words[Math.floor(5 * random())]).join(' ');
    for (const [set, n] of Object.entries({ labeled: 60, unlabeled: 40, test: 20 })) {
      mkdirSync(join(dataset, set), { recursive: true });
      const lines = Array.from({ length: n }, (_, index) => {
        const text = textOf();
        return `${set}${index},${text},${text.includes('good') ? 'good' : 'bad'}\n`;
      });
      writeFileSync(join(dataset, set, 'all.csv'), `id,text,label\n${lines.join('')}`);
    }
    addEncoder('text', dataset);
    writeConfig(dataset, {
      ...quick,
      task: '{ type: text-classification, classes: [good, bad] }',
      data: '{ format: csv, id: id, label: label }',
      ...{ teacher: `{ train: ${head} }`, student: head },
    });
    const student = await trained({ dataset, results: join(folder, 'results') });
    const texts = ['A good film.', '  bad\u00a0 cafe\u0301 \n plot', 'The', textOf(), textOf()];
    await expectAlike(student, texts, texts, 1e-4);
  });
});
