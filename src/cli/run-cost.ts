import { z } from 'zod';
import { isRunName } from '../aws/runs.ts';
import { type Bill, billSchema } from '../cost/bill.ts';
import { measuredBill } from '../cost/measured.ts';
import { usd } from '../cost/render.ts';
import { count } from '../evaluate/format.ts';
import { keys } from '../stages/keys.ts';
import { readJson } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';
import { table } from './terminal.ts';

export interface RunCost {
  readonly run: string;
  /** By what the tasks that ended recorded. */
  readonly measured: Bill;
  /** What Plan expected; undefined before it was made. */
  readonly estimated: Bill | undefined;
}

/** What is needed of a plan. */
const planned = z.object({ estimate: z.object({ bill: billSchema }).optional() });

/**
 * By the run's own records and not by its execution, which Step Functions forgets after 90 days.
 * @returns undefined when there is no such run.
 */
export async function readRunCost(results: ObjectStore, run: string): Promise<RunCost | undefined> {
  if (!isRunName(run) || !(await results.head(keys.record(run)))) return undefined;
  const hasPlan = await results.head(keys.plan(run));
  const plan = hasPlan ? await readJson(results, keys.plan(run), planned) : undefined;
  return { run, measured: await measuredBill(results, run), estimated: plan?.estimate?.bill };
}

/** A row for everything that costs, in the order of the estimate. */
export function renderRunCost({ run, measured, estimated }: RunCost): string {
  const { pricesAsOf, region, notes } = measured;
  if (measured.lines.length === 0 && !estimated) {
    return `No task of ${run} has ended yet: there is no cost to tell.`;
  }
  const places = new Map(
    [...(estimated?.lines ?? []), ...measured.lines].map((line) => [placeOf(line), line]),
  );
  const rows = [...places].map(([place, { what, unit }]) => {
    const used = measured.lines.find((line) => placeOf(line) === place);
    const expected = estimated?.lines.find((line) => placeOf(line) === place);
    return [
      what,
      used ? `${amount(used.quantity)} ${unit}` : '',
      used ? usd(used.usd) : '–',
      expected ? usd(expected.usd) : '–',
    ];
  });
  return [
    ...table([
      ['', 'used', 'so far', 'estimated'],
      ...rows,
      ['total', '', usd(measured.totalUsd), estimated ? usd(estimated.totalUsd) : '–'],
    ]),
    '',
    `At the prices of ${region} as of ${pricesAsOf}.`,
    ...notes,
  ].join('\n');
}

/** A task that ran on two kinds of machines has a line for each. */
function placeOf({ what, unit }: Bill['lines'][number]): string {
  return `${what}, ${unit}`;
}

/** Three digits where there are no more before the point. */
function amount(quantity: number): string {
  return quantity >= 100 ? count(quantity) : String(Number(quantity.toPrecision(3)));
}
