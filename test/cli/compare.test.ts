import { expect, test } from 'vitest';
import { renderComparison } from '../../src/cli/compare-text.ts';
import { renderStoredRuns } from '../../src/cli/runs.ts';
import { sampleMetrics } from '../support/sample-metrics.ts';

const first = sampleMetrics({ run: 'cifar-2f7a91c04be3' });
const other = sampleMetrics({ run: 'cifar-91c04be32f7a' });

test('compared runs have their figures, differences and settings', () => {
  const settings = [
    { field: 'method', values: ['weighted', 'relabel'] },
    { field: 'relabel.rounds', values: [undefined, 2] },
  ];
  const differences = [{ examples: 10_000, value: 0.0125, low: 0.004, high: 0.021 }];
  expect(renderComparison({ runs: [first, other], differences, settings })).toMatchInlineSnapshot(`
    "                     student  accuracy (95% interval)  recall  log-loss     size  teacher
    cifar-2f7a91c04be3  weighted   81.4% (80.5% to 82.3%)   80.9%     0.604  376 KiB    79.3%
    cifar-91c04be32f7a  weighted   81.4% (80.5% to 82.3%)   80.9%     0.604  376 KiB    79.3%

    The student of cifar-91c04be32f7a is 1.3 percentage points more accurate than that of cifar-2f7a91c04be3. Paired on the same 10,000 examples: 95% interval +0.4 to +2.1, which excludes 0.

    config          cifar-2f7a91c04be3  cifar-91c04be32f7a
    method                    weighted             relabel
    relabel.rounds                   –                   2"
  `);
});

test.each([
  [{ examples: 50, value: -0.02, low: -0.06, high: 0.02 }, 'less accurate', 'which includes 0'],
  [{ examples: 50, value: -0.02, low: -0.03, high: -0.01 }, 'less accurate', 'which excludes 0'],
])('a difference states its direction and its doubt', (difference, direction, doubt) => {
  const text = renderComparison({ runs: [first, other], differences: [difference], settings: [] });
  expect(text).toContain(`2.0 percentage points ${direction} than that of ${first.run}`);
  expect(text).toContain(doubt);
});

test('equal students are as accurate', () => {
  const equal = { examples: 50, value: 0, low: -0.02, high: 0.02 };
  const text = renderComparison({ runs: [first, other], differences: [equal], settings: [] });
  expect(text).toContain(`${other.run} is as accurate as that of ${first.run}.`);
});

test('a run without a test set has a caveat', () => {
  const trainedOn = sampleMetrics({ run: 'cifar-c04be32f7a91', evaluatedOn: 'validation' });
  const runs = [first, trainedOn];
  const text = renderComparison({ runs, differences: [undefined], settings: [] });
  expect(text.split('\n').at(-1)).toBe(
    'The figures of cifar-c04be32f7a91 are on the validation set, on which its students were trained: they are too good.',
  );
});

test('different test examples have no interval', () => {
  const text = renderComparison({ runs: [first, other], differences: [undefined], settings: [] });
  expect(text).toContain('their test examples differ');
});

test('the list of runs shows states, reasons and what to do next', () => {
  const started = new Date('2026-11-29T01:02:03Z');
  const shared = { dataset: '/data/cifar', started, inUse: false };
  const runs = [
    { ...shared, run: first.run, state: 'finished', metrics: first, inUse: true },
    { ...shared, run: other.run, state: 'finished', metrics: other },
    { ...shared, run: 'cifar-c04be32f7a91', state: 'failed', reason: 'No labels.\nPut some.' },
  ] as const;
  expect(renderStoredRuns(runs, '/data/results')).toMatchInlineSnapshot(`
    "run                    started (UTC)             student  accuracy
    cifar-2f7a91c04be3  2026-11-29 01:02    in use  weighted     81.4%
    cifar-91c04be32f7a  2026-11-29 01:02  finished  weighted     81.4%
    cifar-c04be32f7a91  2026-11-29 01:02    failed

    cifar-c04be32f7a91: No labels.

    To compare: counterweight compare cifar-2f7a91c04be3 cifar-91c04be32f7a"
  `);
  expect(renderStoredRuns([], '/data/results')).toBe(
    'There is no run in /data/results. To start one: counterweight run DATASET',
  );
});
