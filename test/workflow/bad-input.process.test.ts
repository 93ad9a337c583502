import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { plan, run } from 'counterweight';
import { describe, expect, test } from 'vitest';
import {
  type Dataset,
  type Format,
  formats,
  makeDataset,
  writeConfig,
} from '../support/datasets.ts';

interface Case {
  readonly what: string;
  readonly format: Format;
  readonly spoil: (dataset: string) => void;
  readonly message: RegExp;
}

const cases: Case[] = [
  {
    what: 'a config that is not YAML',
    format: 'csv',
    spoil: (dataset) => writeFileSync(join(dataset, 'distill.yaml'), 'task: {'),
    message: /distill\.yaml/,
  },
  {
    what: 'a field that does not exist',
    format: 'csv',
    spoil: (dataset) => writeConfig(dataset, { ...formats.csv, studnet: '{}' }),
    message: /studnet/,
  },
  {
    what: 'no config',
    format: 'csv',
    spoil: (dataset) => rmSync(join(dataset, 'distill.yaml')),
    message: /no distill\.yaml/,
  },
  {
    what: 'no unlabeled set',
    format: 'csv',
    spoil: (dataset) => rmSync(join(dataset, 'unlabeled'), { recursive: true }),
    message: /unlabeled set is empty/,
  },
  {
    what: 'an empty labeled set',
    format: 'csv',
    spoil: (dataset) => writeFileSync(join(dataset, 'labeled/wine.csv'), 'alcohol,cultivar\n'),
    message: /labeled set|'labeled\/wine\.csv' lacks/,
  },
  {
    what: 'a label that is not a class',
    format: 'csv',
    spoil: (dataset) =>
      writeConfig(dataset, {
        ...formats.csv,
        task: '{ type: tabular-classification, classes: [cultivar 0, cultivar 1], target: cultivar }',
      }),
    message: /cultivar 2/,
  },
  {
    what: 'a set with a renamed column',
    format: 'csv',
    spoil: (dataset) =>
      rewrite(dataset, 'unlabeled/second/wine.csv', (text) => text.replace('hue', 'Hue')),
    message: /unlabeled\/second\/wine\.csv' lacks 1 of .*: hue \(it has Hue\)/,
  },
  {
    what: 'a set with decimal commas',
    format: 'csv',
    spoil: (dataset) =>
      rewrite(dataset, 'test/wine.csv', (text) => text.replaceAll(',', ';').replaceAll('.', ',')),
    message: /40 of 40 rows read of the test set cannot be used[\s\S]*'alcalinity' is '18,5'/,
  },
  {
    what: 'a set in Latin-1',
    format: 'csv',
    spoil: (dataset) =>
      rewrite(dataset, 'unlabeled/first/wine.csv', (text) => text.replace('deep', 'dunkel\xe4')),
    message: /unlabeled\/first\/wine\.csv' is not in UTF-8: byte \d+ is 0xe4/,
  },
  {
    what: 'a Parquet file that is not one',
    format: 'parquet-rows',
    spoil: (dataset) => writeFileSync(join(dataset, 'unlabeled/first/wine.parquet'), 'PAR?'),
    message: /unlabeled\/first\/wine\.parquet/,
  },
  {
    what: 'a teacher that is not there',
    format: 'csv',
    spoil: (dataset) =>
      writeConfig(dataset, { ...formats.csv, teacher: '{ onnx: teacher/m.onnx }' }),
    message: /teacher\/m\.onnx/,
  },
];

/** Rewrites a file, in Latin-1. */
function rewrite(dataset: string, file: string, change: (text: string) => string): void {
  const path = join(dataset, file);
  writeFileSync(path, change(readFileSync(path, 'latin1')), 'latin1');
}

describe('planning refuses', () => {
  test.each(cases)('$what', async ({ format, spoil, message }) => {
    const options = makeDataset(format);
    spoil(options.dataset);
    await expect(plan(options)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(message),
    });
  });

  test('a folder that is not there', async () => {
    const { dataset, results } = makeDataset('csv');
    await expect(plan({ dataset: join(dataset, 'nowhere'), results })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/nowhere/),
    });
  });
});

describe('bad examples are quarantined', () => {
  const bomb = fileURLToPath(new URL('../fixtures/data/pictures/bomb.png.gz', import.meta.url));

  test('up to the limit: a tar cut short, and an image of 30,000 x 30,000 pixels', async () => {
    const limits = '{ quarantine: 30% }';
    const tar = makeDataset('webdataset', { limits });
    truncateSync(join(tar.dataset, 'unlabeled/first/digits.tar'), 100_000);
    await expectQuarantined(tar, 1);

    const images = makeDataset('images', { limits });
    writeFileSync(join(images.dataset, 'unlabeled/first/huge.png'), gunzipSync(readFileSync(bomb)));
    await expectQuarantined(images, 1);
  });

  test('a teacher without an answer (NaN), and an example without an image', async () => {
    const limits = '{ quarantine: 10% }';
    const options = makeDataset('parquet-images', { limits, teacher: '{ predictions: teacher }' });
    const predictions = new URL('../fixtures/workflow-teachers/predictions/', import.meta.url);
    cpSync(fileURLToPath(predictions), join(options.dataset, 'teacher'), { recursive: true });
    // Three images whose ids are not among the predictions, and a null.
    const unknown = new URL('../fixtures/data/parquet/image-bytes.parquet', import.meta.url);
    cpSync(fileURLToPath(unknown), join(options.dataset, 'unlabeled/first/unknown.parquet'));
    await expectQuarantined(options, 4);
  });

  test('and over the limit the run fails with the reason, and keeps its labels', async () => {
    const options = makeDataset('csv', { limits: '{ quarantine: 1% }' });
    const rows = Array.from({ length: 20 }, () => '1,2,3,4,5,6,pale,too,long\n').join('');
    writeFileSync(
      join(options.dataset, 'unlabeled/first/more.csv'),
      `alcohol,malic,ash,alcalinity,phenols,hue,shade\n${rows}`,
    );
    await expect(run({ ...options, workers: 1 })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/20 of 78 examples of the unlabeled set[\s\S]*more\.csv/),
      hint: expect.stringMatching(/limits\.quarantine/),
    });
    writeConfig(options.dataset, { ...formats.csv, limits: '{ quarantine: 50% }' });
    const second = await run({ ...options, workers: 1 });
    expect(second.metrics.quarantined).toBe(20);
    expect(second.labelCache.reused).toBe(second.labelCache.shards);
  });

  async function expectQuarantined(options: Dataset, count: number): Promise<void> {
    const { metrics } = await run({ ...options, workers: 1 });
    expect(metrics.quarantined).toBe(count);
  }
});
