/** The modules for browsers of the cards of tables and texts, run in Chromium on raw examples. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { rowBrowser } from '../../src/evaluate/card/row-browser.ts';
import {
  expectAccuracy,
  expectAlike,
  predictInBrowser,
  trainedStudent,
} from '../support/card-in-browser.ts';
import { chromium } from '../support/chromium.ts';
import { makeDataset } from '../support/datasets.ts';
import { hardColumns, hardRows } from '../support/hard-cells.ts';
import { writeStudent } from '../support/network-students.ts';
import { makeTextDataset } from '../support/text-dataset.ts';

const quick = { compare: '[]', warmup: '{ epochs: 1 }', publish: '{ minGain: -1 }' };

describe.skipIf(chromium === undefined)('the module for browsers', () => {
  test('reaches the accuracy of the report on the rows of the test file', async () => {
    const made = makeDataset('csv', quick);
    const student = await trainedStudent(made);
    const { folder, program } = student;
    const [head, ...lines] = readFileSync(join(made.dataset, 'test/wine.csv'), 'utf8')
      .trim()
      .split('\r\n');
    const columns = head!.split(',');
    const rows = lines.map((line) =>
      Object.fromEntries(line.split(',').map((cell, index) => [columns[index]!, cell])),
    );
    const found = await predictInBrowser(folder, program, rows);
    await expectAlike(folder, found, rows, 1e-5);
    const labels = rows.map(({ cultivar }) => cultivar!);
    expectAccuracy(found, labels, student);
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
    const ngrams = '{ architecture: ngrams, buckets: 65536, dimension: 8, hidden: 4, epochs: 8 }';
    const dataset = makeTextDataset(3, {
      ...quick,
      ...{ teacher: `{ train: ${ngrams} }`, student: ngrams },
    });
    const made = await trainedStudent(dataset);
    const texts = dataset.tests.map(({ text }) => text);
    const found = await predictInBrowser(made.folder, made.program, texts);
    await expectAlike(made.folder, found, texts, 1e-6);
    const labels = dataset.tests.map(({ label }) => label);
    expectAccuracy(found, labels, made);
  });
});
