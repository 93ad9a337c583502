/** The modules for browsers of model cards, each run in Chromium on raw examples. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { randomFor } from '../../src/data/random.ts';
import { rowBrowser } from '../../src/evaluate/card/row-browser.ts';
import type { RunMetrics } from '../../src/evaluate/run-metrics.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import type { StudentExample } from '../../src/models/student-input.ts';
import { keys } from '../../src/run/keys.ts';
import { rawText } from '../parity/raw-values.ts';
import { chromium, reportOfPage, type ServedFile } from '../support/chromium.ts';
import { type Dataset, makeDataset, writeConfig } from '../support/datasets.ts';
import { hardColumns, hardRows } from '../support/hard-cells.ts';
import { writeStudent } from '../support/network-students.ts';
import { finished } from '../support/staged-run.ts';

const root = join(import.meta.dirname, '../..');
const quick = { compare: '[]', warmup: '{ epochs: 1 }', publish: '{ minGain: -1 }' };

/** Finishes a run, and returns the folder of its student with the module of its card. */
async function trained(made: Dataset) {
  const { job, metrics } = await finished(made);
  const [{ name } = expect.fail()] = job.plan.variants;
  const folder = join(made.results, keys.student(job.run, name));
  const card = readFileSync(join(folder, 'MODEL.md'), 'utf8');
  return { folder, program: /^```js\n(.*?)^```/ms.exec(card)![1]!, metrics, name };
}

/** Lists the files of a folder that a page may read. */
function served(folder: string): [string, ServedFile][] {
  const names = readdirSync(folder).filter((name) => /\.(json|bin)$/.test(name));
  return names.map((name) => [
    `/${name}`,
    ['application/octet-stream', readFileSync(join(folder, name))],
  ]);
}

/**
 * Calls the `predict` of a module in Chromium, once per JSON value.
 * @param prepare JavaScript that makes the argument of a value.
 */
async function predictInBrowser(
  folder: string,
  program: string,
  values: readonly unknown[],
  { prepare = 'value', files = [] as readonly [string, ServedFile][] } = {},
): Promise<Record<string, number>[]> {
  const page = `<script type="importmap">{ "imports": { "@tensorflow/tfjs": "/tf.js" } }</script>
<script type="module">
import { predict } from '/predict.js';
const values = await (await fetch('/values')).json();
const answers = [];
for (const value of values) answers.push(await predict(${prepare}));
report(JSON.stringify(answers));
</script>`;
  const tfjs = readFileSync(join(root, 'node_modules/@tensorflow/tfjs/dist/tf.fesm.min.js'));
  const script = 'text/javascript';
  const text = await reportOfPage(
    page,
    new Map<string, ServedFile>([
      ...served(folder),
      ...files,
      ['/predict.js', [script, program]],
      ['/tf.js', [script, tfjs]],
      ['/values', ['application/json', JSON.stringify(values)]],
    ]),
  );
  if (text.startsWith('error: ')) throw new Error(text);
  return JSON.parse(text);
}

/** Expects the answers of `loadStudent`. */
async function expectAlike(
  folder: string,
  found: readonly Record<string, number>[],
  examples: readonly StudentExample[],
  tolerance: number,
): Promise<void> {
  const student = await loadStudent(folder);
  const expected = await student.predict(examples);
  expect(found).toHaveLength(expected.length);
  for (const [index, { probabilities }] of expected.entries()) {
    for (const [c, name] of student.classes.entries()) {
      const difference = Math.abs(found[index]![name]! - probabilities[c]!);
      expect(difference, `${index}, ${name}`).toBeLessThan(tolerance);
    }
  }
  student.dispose();
}

/** Expects the accuracy of the report. @param labels True classes. */
function expectAccuracy(
  found: readonly Record<string, number>[],
  labels: readonly string[],
  { models }: RunMetrics['metrics'],
  name: string,
): void {
  const right = found.filter((answer, index) => {
    const best = Object.entries(answer).reduce((a, b) => (b[1] > a[1] ? b : a));
    return best[0] === labels[index];
  });
  expect(right.length / labels.length).toBeCloseTo(models[name]!.accuracy.value, 10);
}

describe.skipIf(chromium === undefined)('the module for browsers', () => {
  test('predicts images', async () => {
    const made = makeDataset('images', quick);
    const { folder, program } = await trained(made);
    const photos = readdirSync(join(made.dataset, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.png'))
      .map((name) => readFileSync(join(made.dataset, 'test', name)));
    const prepare = `await (async () => {
      const image = new Image();
      image.src = value;
      await image.decode();
      return image;
    })()`;
    const files = photos.map((photo, i): [string, ServedFile] => [
      `/photo${i}`,
      ['image/png', photo],
    ]);
    const paths = files.map(([path]) => path);
    const found = await predictInBrowser(folder, program, paths, { prepare, files });
    await expectAlike(folder, found, photos, 1e-4);
  });

  test('reaches the accuracy of the report on the rows of the test file', async () => {
    const made = makeDataset('csv', quick);
    const { folder, program, metrics, name } = await trained(made);
    const [head, ...lines] = readFileSync(join(made.dataset, 'test/wine.csv'), 'utf8')
      .trim()
      .split('\r\n');
    const columns = head!.split(',');
    const rows = lines.map((line) =>
      Object.fromEntries(line.split(',').map((cell, index) => [columns[index]!, cell])),
    );
    expect(rows).toHaveLength(metrics.examples);
    const found = await predictInBrowser(folder, program, rows);
    await expectAlike(folder, found, rows, 1e-5);
    const labels = rows.map(({ cultivar }) => cultivar!);
    expectAccuracy(found, labels, metrics, name);
  });

  test('reads cells of a table as the student does, and refuses what it refuses', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    await writeStudent(folder, hardColumns);
    const program = rowBrowser(hardColumns).join('\n');
    const rows = hardRows();
    const found = await predictInBrowser(folder, program, rows);
    await expectAlike(folder, found, rows, 1e-6);
    const wrong = [
      { ...rows[0], size: 'about 3' },
      { ...rows[0], size: undefined },
    ];
    const prepare = 'value).catch(({ message }) => message';
    expect(await predictInBrowser(folder, program, wrong, { prepare })).toEqual([
      'column size is not a number: about 3',
      'there is no column size in the row',
    ]);
  });

  test('reaches the accuracy of the report on texts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const dataset = join(folder, 'texts');
    const random = randomFor(3);
    const tests: { text: string; label: string }[] = [];
    for (const [set, n] of Object.entries({ labeled: 120, unlabeled: 60, test: 200 })) {
      mkdirSync(join(dataset, set), { recursive: true });
      const rows = Array.from({ length: n }, (_, index) => {
        const text = `${rawText(random)} ${set}${index}`;
        return { id: `${index}`, text, label: text.includes('good') ? 'good' : 'bad' };
      });
      if (set === 'test') tests.push(...rows);
      const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
      writeFileSync(join(dataset, set, 'all.jsonl'), lines.join(''));
    }
    const ngrams = '{ architecture: ngrams, buckets: 65536, dimension: 8, hidden: 4, epochs: 8 }';
    writeConfig(dataset, {
      ...quick,
      task: '{ type: text-classification, classes: [good, bad], maxCharacters: 90 }',
      data: '{ format: jsonl, id: id, label: label }',
      ...{ teacher: `{ train: ${ngrams} }`, student: ngrams },
    });
    const made = await trained({ dataset, results: join(folder, 'results') });
    const texts = tests.map(({ text }) => text);
    const found = await predictInBrowser(made.folder, made.program, texts);
    await expectAlike(made.folder, found, texts, 1e-6);
    const labels = tests.map(({ label }) => label);
    expectAccuracy(found, labels, made.metrics, made.name);
  });
});
