/** A dataset of difficult texts, good or bad by a word in them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { randomFor } from '../../src/data/random.ts';
import { rawText } from '../parity/raw-values.ts';
import { type Dataset, writeConfig } from './datasets.ts';

/** A text with its class. */
export interface LabeledText {
  readonly text: string;
  readonly label: string;
}

/**
 * Writes a dataset, which the end of the test removes.
 * @param config Fields of `distill.yaml` besides the task and the format.
 */
export function makeTextDataset(
  seed: number,
  config: Readonly<Record<string, string>>,
): Dataset & { readonly tests: readonly LabeledText[] } {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const dataset = join(folder, 'texts');
  const random = randomFor(seed);
  const tests: LabeledText[] = [];
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
  writeConfig(dataset, {
    ...config,
    task: '{ type: text-classification, classes: [good, bad], maxCharacters: 90 }',
    data: '{ format: jsonl, id: id, label: label }',
  });
  return { dataset, results: join(folder, 'results'), tests };
}
