/** The bill: use multiplied by price, for estimates and for measured runs alike. */
import { sum } from '../arrays.ts';
import type { Bill, TaskUse } from '../run/bill-file.ts';
import { allStages } from '../stages/index.ts';
import type { MapItems } from '../stages/stage.ts';
import { instanceHours, prices, pricesAsOf, pricesRegion, spotShare } from './prices.ts';
import { assumed } from './rates.ts';

type Line = Bill['lines'][number];

/** Further counts on which the price of a run depends, in addition to its tasks. */
export interface RunCounts extends Readonly<Record<MapItems, number>> {
  /** Bytes that the run keeps in the results bucket. */
  readonly storedBytes: number;
}

export function billOf(uses: readonly TaskUse[], counts: RunCounts): Bill {
  const notes: string[] = [];
  const used = uses.filter(({ calls }) => calls > 0);
  const calls = sum(used.filter(isFunction).map(({ calls }) => calls));
  const transitions = used.length > 0 ? transitionsOf(used, counts) : 0;
  const [gets, puts] = [sum(used.map(({ gets }) => gets)), sum(used.map(({ puts }) => puts))];
  const requestsUsd = gets * prices.s3Get.usd + puts * prices.s3Put.usd;
  const storedGb = counts.storedBytes / 1e9;
  const logGb = (sum(used.map(({ calls }) => calls)) * assumed.logBytes) / 1e9;
  const vendedGb =
    (transitions * assumed.transitionLogBytes + gpuHoursOf(used) * assumed.flowLogBytes) / 1e9;
  const lines: Line[] = [
    ...used.map((use) => computeLine(use, notes)),
    line('Function calls', calls, 'calls', calls * prices.functionCall.usd),
    line('State transitions', transitions, 'transitions', transitions * prices.transition.usd),
    line('S3 requests', gets + puts, 'requests', requestsUsd),
    line('S3 storage', storedGb, 'GB for a month', storedGb * prices.s3GbMonth.usd),
    line('Logs', logGb, 'GB', logGb * prices.logGb.usd),
    line('Logs of AWS services', vendedGb, 'GB', vendedGb * prices.vendedLogGb.usd),
    // AWS records fewer: one per second, and 5% of the others.
    line('Traces', calls, 'traces', calls * prices.trace.usd),
  ].filter(({ quantity }) => quantity > 0);
  const totalUsd = sum(lines.map(({ usd }) => usd));
  return { lines, totalUsd, pricesAsOf, region: pricesRegion, notes };
}

function line(what: string, quantity: number, unit: string, usd: number): Line {
  return { what, quantity, unit, usd };
}

function isFunction({ resource }: TaskUse): boolean {
  return resource.startsWith('lambda-');
}

function computeLine(use: TaskUse, notes: string[]): Line {
  const { task, resource, seconds } = use;
  const what = allStages.find(({ name }) => name === task)?.title ?? task;
  if (isFunction(use)) {
    const gbSeconds = (seconds * Number(resource.slice('lambda-'.length))) / 1024;
    return line(what, gbSeconds, 'GB-s', gbSeconds * prices.functionGbSecond.usd);
  }
  const hours = machineHours(use);
  const [, type = '', market] = /^(.*)-(spot|ondemand)$/.exec(resource) ?? [];
  const price = instanceHours[type];
  if (!price) notes.push(`${resource}, ${hours.toFixed(1)} h: its price is not known here.`);
  const instanceUsd = (price?.usd ?? 0) * (market === 'spot' ? spotShare : 1);
  const perHour = instanceUsd + diskHourUsd + prices.ipv4Hour.usd;
  return line(what, hours, `h of ${resource}`, hours * perHour);
}

/** Returns the hours of a GPU machine, its start and end included. */
function machineHours({ calls, seconds }: TaskUse): number {
  return (seconds + calls * assumed.gpuStartSeconds) / 3600;
}

function gpuHoursOf(uses: readonly TaskUse[]): number {
  return sum(uses.filter((use) => !isFunction(use)).map(machineHours));
}

const hoursOfMonth = 730;
const diskHourUsd = (assumed.gpuDiskGb * prices.diskGbMonth.usd) / hoursOfMonth;

/** Transitions into the first state, the Choice of whether students are wanted, and Done. */
const fixedTransitions = 3;

/**
 * Counts the transitions of the workflow's Standard executions: one per state that is entered, per
 * retry, and per child of a Distributed Map that starts.
 */
function transitionsOf(uses: readonly TaskUse[], counts: RunCounts): number {
  const callsOf = (wanted: string) =>
    sum(uses.filter(({ task }) => task === wanted).map(({ calls }) => calls));
  return (
    fixedTransitions +
    sum(uses.map(({ calls }) => calls)) +
    allStages.filter(({ optional }) => optional).length + // a Choice each
    sum(
      allStages.map(({ name, mapOver, optional }) => {
        const calls = callsOf(name);
        if (mapOver === undefined || (optional && calls === 0)) return 0;
        // The Map; per item, the start of a child execution or the Choice of where to train.
        return 1 + Math.min(counts[mapOver], calls);
      }),
    )
  );
}
