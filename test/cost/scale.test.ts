import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pricesAsOf } from '../../src/cost/prices.ts';
import { labelingOf, tables } from './scale-tables.ts';

const file = new URL('../../docs/scale.md', import.meta.url);

/** Replaces the tables of the document: each is between two comments that name it. */
function current(text: string): string {
  return Object.entries(tables).reduce(
    (all, [name, table]) =>
      all.replace(
        new RegExp(`(<!-- ${name} -->\n\n)[^]*?(\n\n<!-- end -->)`),
        (_, before: string, after: string) => before + table() + after,
      ),
    text,
  );
}

// After a change of the model, a rate or a price: UPDATE_SCALE=1 npx vitest run test/cost/scale
if (process.env.UPDATE_SCALE === '1') writeFileSync(file, current(readFileSync(file, 'utf8')));

test('docs/scale.md is current', () => {
  const text = readFileSync(file, 'utf8');
  for (const name of Object.keys(tables)) expect(text).toContain(`<!-- ${name} -->\n\n`);
  expect(text).toBe(current(text));
  expect(text).toContain(pricesAsOf);
});

/** Computed by hand: 2 ms per example, 3 GB, 0.3 s per shard, 200 concurrently. */
test.each([
  [1, 1_000_000, '0.10', '25.60', '50.00', '75.73', '27.04'], // 27.05 with 64 MB for 0.064 GB
  [100, 10_000, '0.10', '0.26', '0.50', '0.89', '0.40'],
  [1_000, 1_000, '0.10', '0.03', '0.05', '0.21', '0.16'],
  [10_000, 100, '0.10', '0.003', '0.005', '0.12', '0.12'],
  [30_000, 34, '0.10', '0.001', '0.002', '0.108', '0.108'],
])('shards of %i examples cost what they should', (perShard, shards, ...figures) => {
  const row = labelingOf(perShard);
  expect(row.shards).toBe(shards);
  const found = [row.compute, row.perShard, row.standard, row.totalStandard, row.totalExpress];
  const digits = (text: string) => text.split('.')[1]!.length;
  expect(found.map((value, index) => value.toFixed(digits(figures[index]!)))).toEqual(figures);
  // The states around the map are a handful.
  expect(row.transitions - row.standard).toBeCloseTo(8 * 25e-6, 10);
});
