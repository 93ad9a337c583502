import { defineCommand } from 'citty';
import { rounded, usd } from '../format.ts';
import type { Bill } from '../run/bill-file.ts';
import { keys } from '../run/keys.ts';
import { jsonOption } from './arguments.ts';
import { runArgument } from './deployed-run.ts';
import { table } from './terminal.ts';

export const costCommand = defineCommand({
  meta: { name: 'cost', description: 'Say what a run on AWS has cost so far, beside its estimate' },
  args: { run: runArgument, json: jsonOption },
  async run({ args: { run, json } }) {
    const cost = await readCost(run);
    const text = json ? JSON.stringify(cost, null, 2) : renderCost(cost);
    process.stdout.write(`${text}\n`);
  },
});

export interface RunCost {
  readonly run: string;
  /** By what the tasks that ended recorded. */
  readonly measured: Bill;
  /** What Plan expected; undefined before it was made. */
  readonly estimated: Bill | undefined;
}

/**
 * By the run's own records and not by its execution, which Step Functions forgets after 90 days.
 * @throws UserError when nothing is deployed, or there is no such run.
 */
async function readCost(run: string): Promise<RunCost> {
  const [{ findDeployment }, { isRunName, unknownRun }, { readPlanPart }, { measuredBill }, store] =
    await Promise.all([
      import('../aws/deployment.ts'),
      import('../aws/runs.ts'),
      import('../aws/plan-part.ts'),
      import('../cost/measured.ts'),
      import('../store/open.ts'),
    ]);
  const deployed = await findDeployment();
  const results = await store.openStore(deployed.results);
  if (!isRunName(run) || !(await results.head(keys.record(run)))) {
    throw await unknownRun(deployed.stateMachine, run);
  }
  const plan = await readPlanPart(results, run);
  return { run, measured: await measuredBill(results, run), estimated: plan?.estimate?.bill };
}

/** A row for everything that costs, in the order of the estimate. */
export function renderCost({ run, measured, estimated }: RunCost): string {
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
      used ? `${rounded(used.quantity)} ${unit}` : '',
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
