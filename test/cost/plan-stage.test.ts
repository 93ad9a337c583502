import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import type { Context } from '../../src/run/context.ts';
import { keys } from '../../src/run/keys.ts';
import { planSchema } from '../../src/run/plan-file.ts';
import { planRun } from '../../src/stages/plan.ts';
import { startRun } from '../../src/stages/start.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { makeResults } from '../support/results.ts';

const digits = fileURLToPath(new URL('../../examples/digits', import.meta.url));

async function planDigits(deployment: NonNullable<Context['deployment']>) {
  const started = await startRun(digits, makeResults().path);
  const context: Context = {
    signal: new AbortController().signal,
    report: () => {},
    deployment,
  };
  const results = await openStore(started.results);
  const done = planRun({ ...started, execution: started.run }, context);
  await done.catch(() => {});
  return { done, run: started.run, results };
}

test('the plan has the sizes of the sets and the estimate', async () => {
  const { done, run, results } = await planDigits({ trainer: 'function', budgetUsd: undefined });
  await done;
  const { estimate } = await readJson(results, keys.plan(run), planSchema);
  const { labeled, validation, test: tests, unlabeled } = estimate.sets;
  expect([labeled, validation, tests, unlabeled].map((set) => [set.examples, set.counted])).toEqual(
    [150, 300, 2000, 9550].map((examples) => [examples, true]),
  );
  expect(estimate.bill.totalUsd).toBeGreaterThan(0.005);
  expect(estimate.bill.totalUsd).toBeLessThan(0.5);
});

test.each([
  [undefined, 100],
  [2, 2],
])('with %s functions allowed, the Maps process %i shards at once', async (concurrency, atOnce) => {
  const { done } = await planDigits({ trainer: 'function', budgetUsd: undefined, concurrency });
  expect(await done).toMatchObject({ concurrency: atOnce });
});

test('a run that is estimated to cost more than the deployment allows is refused', async () => {
  const { done } = await planDigits({ trainer: 'function', budgetUsd: 0.001 });
  await expect(done).rejects.toThrow(UserError);
  await expect(done).rejects.toThrow('the most that this deployment lets a run cost');
});

test('the runs of a deployment are refused together, before anything else is paid for', async () => {
  const limits = { trainer: 'function', budgetUsd: undefined, perDayUsd: 0.001 } as const;
  const { done, run } = await planDigits(limits);
  await expect(done).rejects.toThrow('the most that this deployment lets the runs of a day cost');
  await expect(done).rejects.toMatchObject({ hint: expect.stringContaining(run) });
});
