import { expect, test } from 'vitest';
import { renderRunCost } from '../../src/cli/cost.ts';
import type { Bill } from '../../src/run/bill-file.ts';

function bill(lines: Bill['lines']): Bill {
  return {
    lines,
    totalUsd: lines.reduce((sum, { usd }) => sum + usd, 0),
    pricesAsOf: '2026-11-25',
    region: 'us-east-1',
    notes: [],
  };
}

const estimated = bill([
  { what: 'Plan', quantity: 20, unit: 'GB-s', usd: 0.00033 },
  { what: 'Label', quantity: 1624.7, unit: 'GB-s', usd: 0.027 },
  { what: 'Train', quantity: 2, unit: 'h of g5.xlarge-spot', usd: 1.2 },
]);

test('what a run cost stands beside what was expected, in that order', () => {
  const measured = bill([
    { what: 'Train', quantity: 0.5, unit: 'h of g5.xlarge-ondemand', usd: 0.5 },
    { what: 'Label', quantity: 812.3, unit: 'GB-s', usd: 0.0135 },
  ]);
  const cost = { run: 'a', measured: { ...measured, notes: ['Tax is not in it.'] }, estimated };
  expect(renderRunCost(cost)).toMatchInlineSnapshot(`
    "                              used  so far  estimated
    Plan                                     –   $0.00033
    Label                     812 GB-s  $0.013     $0.027
    Train                                    –      $1.20
    Train  0.5 h of g5.xlarge-ondemand   $0.50          –
    total                                $0.51      $1.23

    At the prices of us-east-1 as of 2026-11-25.
    Tax is not in it."
  `);
});

test('a run that is not planned yet has no estimate', () => {
  const measured = bill([{ what: 'Plan', quantity: 20, unit: 'GB-s', usd: 0.00033 }]);
  expect(renderRunCost({ run: 'a', measured, estimated: undefined })).toMatch(
    /^total +\$0\.00033 +–$/m,
  );
  expect(renderRunCost({ run: 'a', measured: bill([]), estimated: undefined })).toBe(
    'No task of a has ended yet: there is no cost to show.',
  );
});
