import { z } from 'zod';
import { sum } from '../arrays.ts';
import { UserError } from '../errors.ts';
import { usd } from '../format.ts';
import { keys } from '../run/keys.ts';
import { swapPointer } from '../store/pointer.ts';
import type { ObjectStore } from '../store/store.ts';

/** `spend/<month>.json`: the estimates of the runs that a deployment has planned, by run. */
export const spendSchema = z.strictObject({
  runs: z.record(
    z.string(),
    z.array(z.strictObject({ day: z.iso.date(), usd: z.number().nonnegative() })),
  ),
});
type Spend = z.infer<typeof spendSchema>;

/** Maximum estimated cost of all runs of a deployment, in US dollars; undefined: no maximum. */
export interface SpendLimits {
  readonly perDayUsd?: number | undefined;
  readonly perMonthUsd?: number | undefined;
}

/**
 * Reserves the estimated cost of a run in the day and month of its plan, in UTC. The reservation
 * stays if the run fails or costs less. Another call for the run reserves only what its estimate
 * exceeds the earlier one by.
 *
 * @throws UserError if the runs of the day or of the month would exceed their limit. Then nothing
 *   is reserved.
 */
export async function reserveSpend(
  results: ObjectStore,
  { run, totalUsd }: { readonly run: string; readonly totalUsd: number },
  limits: SpendLimits,
  now = new Date(),
): Promise<void> {
  const day = now.toISOString().slice(0, 10);
  const month = day.slice(0, 7);
  let refusal: UserError | undefined;
  await swapPointer(results, keys.spend(month), spendSchema, (spend = { runs: {} }) => {
    const reserved = spend.runs[run] ?? [];
    const more = totalUsd - sum(reserved.map(({ usd }) => usd));
    // An estimate that is reserved already may differ by the rounding of a sum.
    if (more < 1e-9 && reserved.length > 0) return undefined;
    refusal =
      refuse(
        { run, more, spentUsd: spentOn(spend, day), limitUsd: limits.perDayUsd },
        'day',
        day,
      ) ??
      refuse({ run, more, spentUsd: spentOn(spend), limitUsd: limits.perMonthUsd }, 'month', month);
    if (refusal) return undefined;
    return { runs: { ...spend.runs, [run]: [...reserved, { day, usd: more }] } };
  });
  if (refusal) throw refusal;
}

/** Returns the reservations of a day, or of the whole month. */
function spentOn({ runs }: Spend, day?: string): number {
  const all = Object.values(runs).flat();
  return sum(all.filter((one) => day === undefined || one.day === day).map(({ usd }) => usd));
}

interface Wish {
  readonly run: string;
  readonly more: number;
  readonly spentUsd: number;
  readonly limitUsd: number | undefined;
}

/** Returns the reason to refuse a run; undefined if it fits. @param when The day or month. */
function refuse(
  { run, more, spentUsd, limitUsd }: Wish,
  period: 'day' | 'month',
  when: string,
): UserError | undefined {
  if (limitUsd === undefined || spentUsd + more <= limitUsd) return undefined;
  return new UserError(
    `the run is estimated to cost ${usd(more)}, and the runs of ${when} (UTC) ${usd(spentUsd)}: ` +
      `together more than ${usd(limitUsd)}, the most that this deployment lets the runs of a ` +
      `${period} cost`,
    `Start it in the next ${period}: counterweight start ${run}\n` +
      `To allow it now: counterweight deploy --budget-per-${period} ${Math.ceil(spentUsd + more)}, ` +
      'then start it',
  );
}
