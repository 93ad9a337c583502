import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseLabelsFormat } from '../../src/cli/labels-format.ts';
import { renderFetchedLabels, renderLabels } from '../../src/cli/labels-text.ts';
import type { LabelSummary } from '../../src/engines/label.ts';
import { FakeTerminal } from './terminals.ts';

const summary: LabelSummary = {
  run: 'cifar-2f7a91c04be3',
  classes: ['cat', 'dog'],
  labeled: 50_000,
  quarantined: 3,
  labels: { cat: 24_000, dog: 26_000 },
  calibrated: true,
  expectedAccuracy: { value: 0.913, low: 0.88, high: 0.937 },
  judgedOn: { sets: ['labeled'], examples: 400 },
  results: '/data/results',
  folder: join(process.cwd(), 'cifar-labels'),
  format: 'parquet',
  labelCache: { shards: 12, reused: 12 },
  quarantineReasons: [{ reason: 'The image cannot be decoded.', examples: 3 }],
  warnings: ['There are few labels.'],
  seconds: 12,
};

test('the summary of labels has their number, how many are right, and how to read them', () => {
  expect(renderLabels(summary, new FakeTerminal())).toMatchInlineSnapshot(`
    "
    Expected to be right: 91.3% (88.0% to 93.7%) of the labels, by 400 labels in labeled/.
    warning: There are few labels.

    labeled: 50,000 examples: cat 24,000, dog 26,000
    quarantined: 3 examples
      3 examples: The image cannot be decoded.
    labels: 12 of 12 shards from the cache

    Done in 12 s. Read the labels in Python with
      pandas.read_parquet("cifar-labels")"
  `);
});

test('without labels to judge the teacher, warns that the files have no pRight', () => {
  const unjudged = { ...summary, expectedAccuracy: null, judgedOn: null };
  const text = renderLabels(unjudged, new FakeTerminal());
  expect(text).toContain('warning: No label shows which labels are right');
});

test('labels from AWS are read in the same way, also as JSON lines', () => {
  const text = renderFetchedLabels({ ...summary, format: 'jsonl' }, new FakeTerminal());
  expect(text).toMatch(/^Labels of run cifar-2f7a91c04be3:\nExpected to be right: 91.3%/);
  expect(text).toContain('glob.glob("cifar-labels/labels-*.jsonl")');
});

test('an unknown format is refused with the known ones', () => {
  expect(parseLabelsFormat('jsonl')).toBe('jsonl');
  expect(() => parseLabelsFormat('csv')).toThrow('--format needs parquet or jsonl, found "csv".');
});
