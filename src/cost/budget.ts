import { sum } from '../arrays.ts';
import { UserError } from '../errors.ts';
import { usd } from '../format.ts';
import type { Bill } from '../run/bill-file.ts';
import { allStages, stages } from '../stages/index.ts';

/** Maximum estimated cost of a run. */
export interface Budget {
  /** `limits.budgetUsd` of the run's config. */
  readonly configUsd: number;
  /** Maximum of the deployment, if it has one. */
  readonly deploymentUsd: number | undefined;
}

/**
 * Checks the estimate of a run.
 *
 * @throws UserError if the run is estimated to cost more than its budget.
 */
export function checkBudget(bill: Bill, { configUsd, deploymentUsd }: Budget): void {
  const capped = deploymentUsd !== undefined && deploymentUsd < configUsd;
  const limitUsd = capped ? deploymentUsd : configUsd;
  if (bill.totalUsd <= limitUsd) return;
  const limit = capped
    ? `${usd(limitUsd)}, the most that this deployment lets a run cost`
    : `${usd(limitUsd)}, limits.budgetUsd in distill.yaml`;
  const { what, usd: most } = bill.lines.reduce((a, b) => (b.usd > a.usd ? b : a));
  const raise = capped
    ? `To allow it: counterweight deploy --budget ${Math.ceil(bill.totalUsd)}`
    : `To allow it, set limits.budgetUsd to ${Math.ceil(bill.totalUsd)}.`;
  throw new UserError(
    `the run is estimated to cost ${usd(bill.totalUsd)}, more than ${limit}. ` +
      `Most of that is ${what}: ${usd(most)}`,
    `${remedyFor(what)}\n${raise}`,
  );
}

/**
 * Returns the bill of a run that ends after Reconcile: without the stages that follow. The services
 * that several stages use stay as they are, so that it is an upper bound.
 */
export function withoutStudents(bill: Bill): Bill {
  const titles = allStages.map(({ title }) => title);
  const later = titles.slice(titles.indexOf(stages.Reconcile.title) + 1);
  const lines = bill.lines.filter(({ what }) => !later.includes(what));
  return { ...bill, lines, totalUsd: sum(lines.map(({ usd }) => usd)) };
}

/** Changes that reduce the cost of a service that several stages use. */
const serviceRemedies: Readonly<Record<string, string>> = {
  'State transitions': 'a larger data.shardMiB',
  'Function calls': 'a larger data.shardMiB',
  'S3 requests': 'pack plain files into tar archives or Parquet',
};

/**
 * Returns the advice for a bill.
 *
 * @param line Its largest line: the title of a stage, or a service.
 */
function remedyFor(line: string): string {
  const change = allStages.find(({ title }) => title === line)?.cheaper ?? serviceRemedies[line];
  return change ? `To make it cheaper: ${change}.` : 'To make it cheaper, label fewer files.';
}
