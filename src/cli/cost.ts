import { defineCommand } from 'citty';
import { rounded, usd } from '../format.ts';
import type { Bill } from '../run/bill-file.ts';
import { keys } from '../run/keys.ts';
import { jsonOption, nameOption } from './arguments.ts';
import { runArgument } from './deployed-run.ts';
import { alignedRows } from './terminal.ts';

export const costCommand = defineCommand({
  meta: { name: 'cost', description: 'Show the cost of a run on AWS so far, and its estimate' },
  args: { run: runArgument, name: nameOption, json: jsonOption },
  async run({ args: { run, json } }) {
    const cost = await readCost(run);
    const text = json ? JSON.stringify(cost, null, 2) : renderRunCost(cost);
    process.stdout.write(`${text}\n`);
  },
});

/** Measured and estimated cost of a run. */
export interface RunCost {
  readonly run: string;
  /** Bill of the tasks that have ended, by their own records. */
  readonly measured: Bill;
  /** Bill that Plan estimated; undefined before Plan has ended. */
  readonly estimated: Bill | undefined;
}

/**
 * Reads the run's own records and not its execution, which Step Functions forgets after 90 days.
 * @throws UserError when nothing is deployed, or there is no such run.
 */
async function readCost(run: string): Promise<RunCost> {
  const [{ findDeployment }, { isRunName, unknownRun }, { readPlanPart }, { measuredBill }, store] =
    await Promise.all([
      import('../aws/deployment.ts'),
      import('../aws/runs.ts'),
      import('../run/plan-part.ts'),
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

/** Lists measured and estimated cost, one row per line of either bill, in the estimate's order. */
export function renderRunCost({ run, measured, estimated }: RunCost): string {
  const { pricesAsOf, region, notes } = measured;
  if (measured.lines.length === 0 && !estimated) {
    return `No task of ${run} has ended yet: there is no cost to show.`;
  }
  const lines = new Map(
    [...(estimated?.lines ?? []), ...measured.lines].map((line) => [lineKey(line), line]),
  );
  const rows = [...lines].map(([key, { what, unit }]) => {
    const used = measured.lines.find((line) => lineKey(line) === key);
    const expected = estimated?.lines.find((line) => lineKey(line) === key);
    return [
      what,
      used ? `${rounded(used.quantity)} ${unit}` : '',
      used ? usd(used.usd) : '–',
      expected ? usd(expected.usd) : '–',
    ];
  });
  return [
    ...alignedRows([
      ['', 'used', 'so far', 'estimated'],
      ...rows,
      ['total', '', usd(measured.totalUsd), estimated ? usd(estimated.totalUsd) : '–'],
    ]),
    '',
    `At the prices of ${region} as of ${pricesAsOf}.`,
    ...notes,
  ].join('\n');
}

/**
 * Identifies a line. A task that ran on two kinds of machines has two lines, which differ in their
 * unit.
 */
function lineKey({ what, unit }: Bill['lines'][number]): string {
  return `${what}, ${unit}`;
}
