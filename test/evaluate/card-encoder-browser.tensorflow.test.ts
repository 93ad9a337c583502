/** The modules for browsers of the cards of students with an encoder, run in Chromium. */
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
import { describe, onTestFinished, test } from 'vitest';
import { randomFor } from '../../src/data/random.ts';
import { rawText } from '../parity/raw-values.ts';
import { browserPackages } from '../support/browser-packages.ts';
import {
  expectAccuracy,
  expectAlike,
  predictImages,
  predictInBrowser,
  trainedStudent,
} from '../support/card-in-browser.ts';
import { chromium } from '../support/chromium.ts';
import { makeDataset, writeConfig } from '../support/datasets.ts';

const packages = chromium && (await browserPackages());
const head = '{ encoder: encoder, head: linear, epochs: 3, batchSize: 32 }';
const quick = {
  ...{ compare: '[]', warmup: '{ epochs: 1 }', publish: '{ minGain: -1 }' },
  ...{ teacher: `{ train: ${head} }`, student: head },
};

function addEncoder(kind: 'image' | 'text', dataset: string): void {
  const fixture = join(import.meta.dirname, '../fixtures/encoders', kind);
  cpSync(fixture, join(dataset, 'encoder'), { recursive: true });
}

describe.skipIf(packages === undefined)('the module for browsers of a head on an encoder', () => {
  test('reaches the accuracy of the report on images', async () => {
    const made = makeDataset('images', quick);
    addEncoder('image', made.dataset);
    const student = await trainedStudent(made);
    const folder = join(made.dataset, 'test');
    const images = readdirSync(folder).flatMap((label) =>
      readdirSync(join(folder, label)).map((name) => ({
        label,
        bytes: readFileSync(join(folder, label, name)),
      })),
    );
    const photos = images.map(({ bytes }) => bytes);
    const found = await predictImages(student, photos, { packages });
    await expectAlike(student.folder, found, photos, 1e-5);
    const labels = images.map(({ label }) => label);
    expectAccuracy(found, labels, student);
  });

  test('reaches the accuracy of the report on texts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const dataset = join(folder, 'texts');
    const random = randomFor(4);
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
    addEncoder('text', dataset);
    writeConfig(dataset, {
      ...quick,
      task: '{ type: text-classification, classes: [good, bad], maxCharacters: 90 }',
      data: '{ format: jsonl, id: id, label: label }',
    });
    const student = await trainedStudent({ dataset, results: join(folder, 'results') });
    // Texts that fill the encoder, and some with capital sigmas and rare Chinese characters.
    const more = ['good '.repeat(40), 'ΟΔΟΣ Good', 'a\u{20021}b good', '  cafe\u0301 \n film'];
    const texts = [...tests.map(({ text }) => text), ...more];
    const found = await predictInBrowser(student.folder, student.program, texts, { packages });
    await expectAlike(student.folder, found, texts, 1e-5);
    const labels = tests.map(({ label }) => label);
    expectAccuracy(found.slice(0, tests.length), labels, student);
  });
});
