import { UserError } from '../errors.ts';
import { usd } from '../format.ts';
import type { Bill } from '../run/bill-file.ts';

/** The most that a run may be estimated to cost. */
export interface Budget {
  /** `limits.budgetUsd` of its config. */
  readonly configUsd: number;
  /** The deployment's cap, if it has one. */
  readonly deploymentUsd: number | undefined;
}

/** @throws UserError when the run is estimated to cost more. */
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
    `${remedies[what] ?? 'To make it cheaper, label fewer files.'}\n${raise}`,
  );
}

const training =
  'To make it cheaper: fewer student.epochs, a smaller student, fewer of compare, fewer relabel.rounds, or ' +
  'method: weighted, which trains one student where relabel trains many.';
/** What makes a line of a bill smaller. */
const remedies: Readonly<Record<string, string>> = {
  Train: training,
  'Warm up': 'To make it cheaper: fewer warmup.epochs, or a smaller student.',
  'Train teacher': 'To make it cheaper: fewer epochs of teacher.train, or a smaller one.',
  Label: 'To make it cheaper: a smaller teacher, or fewer unlabeled files.',
  Weigh: 'To make it cheaper: a smaller student, or fewer unlabeled files.',
  'State transitions': 'To make it cheaper: a larger data.shardMiB.',
  'Function calls': 'To make it cheaper: a larger data.shardMiB.',
  'S3 requests': 'To make it cheaper: pack plain files into tar archives or Parquet.',
};
