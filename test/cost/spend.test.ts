import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sum } from '../../src/arrays.ts';
import { reserveSpend, type SpendLimits, spendSchema } from '../../src/cost/spend.ts';
import { keys } from '../../src/run/keys.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { makeResults } from '../support/results.ts';

const noon = new Date('2026-11-29T12:00:00Z');
const nextDay = new Date('2026-11-30T00:00:00Z');
const nextMonth = new Date('2026-12-01T00:00:00Z');

function reserve(
  results: ObjectStore,
  run: string,
  totalUsd: number,
  limits: SpendLimits,
  now = noon,
) {
  return reserveSpend(results, { run, totalUsd }, limits, now);
}

async function reservations(results: ObjectStore, month = '2026-11') {
  const { runs } = await readJson(results, keys.spend(month), spendSchema);
  return Object.values(runs).flat();
}

describe('the limit of a day', () => {
  test('refuses the run that would exceed it, with the reason and what to do', async () => {
    const results = await openStore(makeResults().path);
    await reserve(results, 'a-1', 6, { perDayUsd: 10 });
    await reserve(results, 'b-1', 4, { perDayUsd: 10 });
    await expect(reserve(results, 'c-1', 2.5, { perDayUsd: 10 })).rejects.toMatchObject({
      name: 'UserError',
      message:
        'the run is estimated to cost $2.50, and the runs of 2026-11-29 (UTC) $10.00: together ' +
        'more than $10.00, the most that this deployment lets the runs of a day cost',
      hint:
        'Start it in the next day: counterweight start c-1\n' +
        'To allow it now: counterweight deploy --budget-per-day 13, then start it',
    });
    expect(await reservations(results)).toHaveLength(2);
  });

  test('begins again at midnight UTC', async () => {
    const results = await openStore(makeResults().path);
    await reserve(results, 'a-1', 6, { perDayUsd: 10 });
    await reserve(results, 'b-1', 6, { perDayUsd: 10 }, nextDay);
    await expect(reserve(results, 'c-1', 6, { perDayUsd: 10 }, nextDay)).rejects.toThrow(
      '2026-11-30',
    );
  });
});

test('the limit of a month counts all its days, and no other month', async () => {
  const results = await openStore(makeResults().path);
  const limits = { perDayUsd: 10, perMonthUsd: 15 };
  await reserve(results, 'a-1', 8, limits);
  await expect(reserve(results, 'b-1', 8, limits, nextDay)).rejects.toThrow(
    'the runs of 2026-11 (UTC) $8.00: together more than $15.00',
  );
  await reserve(results, 'b-1', 8, limits, nextMonth);
  expect(await reservations(results, '2026-12')).toEqual([{ day: '2026-12-01', usd: 8 }]);
});

test('a run counts once, and with what a larger estimate adds', async () => {
  const results = await openStore(makeResults().path);
  await reserve(results, 'a-1', 3, { perDayUsd: 10 });
  await reserve(results, 'a-1', 3, { perDayUsd: 10 });
  await reserve(results, 'a-1', 2, { perDayUsd: 10 });
  // Labels first, then students.
  await reserve(results, 'a-1', 9, { perDayUsd: 10 }, nextDay);
  expect(await reservations(results)).toEqual([
    { day: '2026-11-29', usd: 3 },
    { day: '2026-11-30', usd: 6 },
  ]);
});

test('runs without a limit are counted for a limit that is set later', async () => {
  const results = await openStore(makeResults().path);
  await reserve(results, 'a-1', 9, {});
  await expect(reserve(results, 'b-1', 2, { perDayUsd: 10 })).rejects.toThrow('$9.00');
});

test('whatever is planned at the same time, the limits hold', async () => {
  const run = fc.record({
    usd: fc.integer({ min: 0, max: 8 }),
    day: fc.integer({ min: 0, max: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 12 }), async (runs) => {
      const results = await openStore(makeResults().path);
      const limits = { perDayUsd: 10, perMonthUsd: 20 };
      const outcomes = await Promise.allSettled(
        runs.map(({ usd, day }, index) =>
          reserve(results, `run-${index}`, usd, limits, new Date(Date.UTC(2026, 10, 10 + day))),
        ),
      );
      const accepted = outcomes.filter(({ status }) => status === 'fulfilled').length;
      if (accepted === 0) return;
      const reserved = await reservations(results);
      expect(reserved).toHaveLength(accepted);
      expect(sum(reserved.map(({ usd }) => usd))).toBeLessThanOrEqual(20);
      for (const day of new Set(reserved.map((one) => one.day))) {
        const ofDay = reserved.filter((one) => one.day === day).map(({ usd }) => usd);
        expect(sum(ofDay)).toBeLessThanOrEqual(10);
      }
    }),
    { numRuns: 30 },
  );
});
