/** A run of 10⁸ images (docs/scale.md) in accounts that allow few functions at once. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { shardConcurrency, shardsAtOnce } from '../../src/cost/functions.ts';
import { type Retrier, simulateMap } from './throttled-map.ts';

const file = new URL('../../infra/workflow.asl.json', import.meta.url);
const { States } = JSON.parse(readFileSync(file, 'utf8'));
const retrier: Retrier = States.Label.ItemProcessor.States['Label shard'].Retry.find(
  ({ ErrorEquals }: { ErrorEquals: string[] }) =>
    ErrorEquals.includes('Lambda.TooManyRequestsException'),
);

const run = { shards: 3726, seconds: 271, seed: 1 };

/** Functions that the account has free for the run, of 100 that its Map wants. */
const accounts = [10, 50, 90];

test.each(accounts)(
  '%i functions of 100, as Plan reads the limit: no call is throttled',
  (free) => {
    const concurrency = shardsAtOnce(undefined, free);
    const { failed, throttles, hours } = simulateMap({ ...run, free, concurrency, retrier });
    expect({ failed, throttles }).toEqual({ failed: false, throttles: 0 });
    expect(hours).toBeLessThan(((run.shards / free) * run.seconds * 1.2) / 3600);
  },
);

test.each(accounts)('%i functions of 100, while others use the rest: the run ends', (free) => {
  const map = { ...run, free, concurrency: shardConcurrency };
  expect(simulateMap({ ...map, retrier }).failed).toBe(false);
});

test.each([10, 50])('with 100 retries, %i functions of 100 would fail the run', (free) => {
  const map = { ...run, free, concurrency: shardConcurrency };
  expect(simulateMap({ ...map, retrier: { ...retrier, MaxAttempts: 100 } }).failed).toBe(true);
});

test.each([
  [undefined, undefined, 100],
  [undefined, 10, 9],
  [undefined, 1000, 100],
  [400, 1000, 400],
  [400, 100, 90],
  [undefined, 1, 1],
])('%s wanted and %s allowed: %i shards at once', (wanted, allowed, expected) => {
  expect(shardsAtOnce(wanted, allowed)).toBe(expected);
});
