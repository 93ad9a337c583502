import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';

/** Seeds per test, so that a failure names its part. */
const seeds = 25;

test.each([1, 26, 51, 76, 101, 126, 151, 176])(
  'whatever happens, what must hold holds: 25 seeds from %i',
  async (first) => {
    for (let seed = first; seed < first + seeds; seed++) {
      const { violation } = await simulate(seed);
      expect(violation, `to see it again: npm run simulate -- --seed ${seed}`).toBeUndefined();
    }
  },
);

test.each([7, 50])('seed %i is the same at any time', async (seed) => {
  const first = await simulate(seed);
  await simulate(seed + 1);
  expect(await simulate(seed)).toEqual(first);
});

// Those that a deployment finds soon. `npm run simulate -- --defect all` finds each.
test.each([
  'no-condition',
  'commit-before-data',
  'rename-in-two-steps',
  'double-count',
  'stale-listing',
  'clock-as-version',
  'clock-as-order',
] as const)('the defect %s is found', async (defect) => {
  let violation: string | undefined;
  for (let seed = 1; violation === undefined && seed < seeds; seed++) {
    ({ violation } = await simulate(seed, defect));
  }
  expect(violation).toContain('does not hold');
});
