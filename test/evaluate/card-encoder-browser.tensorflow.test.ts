/** The modules for browsers of the cards of students with an encoder, run in Chromium. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { browserPackages } from '../support/browser-packages.ts';
import {
  expectAccuracy,
  expectAlike,
  expectOnTestImages,
  predictInBrowser,
  trainedStudent,
} from '../support/card-in-browser.ts';
import { chromium } from '../support/chromium.ts';
import { makeDataset } from '../support/datasets.ts';
import { makeTextDataset } from '../support/text-dataset.ts';

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
    await expectOnTestImages(made, student, { packages });
  });

  test('reaches the accuracy of the report on texts', async () => {
    const made = makeTextDataset(4, quick);
    addEncoder('text', made.dataset);
    const student = await trainedStudent(made);
    const { tests } = made;
    // Texts that fill the encoder, and some with capital sigmas and rare Chinese characters.
    const more = ['good '.repeat(40), 'ΟΔΟΣ Good', 'a\u{20021}b good', '  cafe\u0301 \n film'];
    const texts = [...tests.map(({ text }) => text), ...more];
    const found = await predictInBrowser(student.folder, student.program, texts, { packages });
    await expectAlike(student.folder, found, texts, 1e-5);
    const labels = tests.map(({ label }) => label);
    expectAccuracy(found.slice(0, tests.length), labels, student);
  });
});
