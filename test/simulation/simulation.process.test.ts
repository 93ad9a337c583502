import { expect, test } from 'vitest';
import { defectNames } from './defects.ts';
import { simulate } from './simulate.ts';

/** Seeds per test, so that a failure names its part. */
const seeds = 25;

/** Maximum number of seeds until a defect is found: CONTRIBUTING.md has the number of each. */
const seedsPerDefect = 50;

test.each([1, 26, 51, 76, 101, 126, 151, 176])(
  'whatever happens, what must hold holds: 25 seeds from %i',
  async (first) => {
    for (let seed = first; seed < first + seeds; seed++) {
      const { violation } = await simulate(seed);
      expect(violation, `to see it again: npm run simulate -- --seed ${seed}`).toBeUndefined();
    }
  },
);

test.each([
  [6, 'tiny, S3'],
  [7, 'tiny, folder'],
  [10, 'deployment'],
  [46, 'labels, folder'],
])('seed %i, %s, is the same at any time', async (seed, kind) => {
  const first = await simulate(seed);
  expect(first.kind).toBe(kind);
  await simulate(seed + 1);
  expect(await simulate(seed)).toEqual(first);
});

test.each(defectNames)('the defect %s is found', async (defect) => {
  let violation: string | undefined;
  for (let seed = 1; violation === undefined && seed <= seedsPerDefect; seed++) {
    ({ violation } = await simulate(seed, defect));
  }
  expect(violation).toContain('does not hold');
});
