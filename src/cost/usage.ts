/**
 * Records of what tasks used: empty objects with keys `<task>/<resource>/<milliseconds>-<id>` under
 * `keys.usage(run)`. No record is updated while a run continues, and a bill is one listing.
 */

import { keys } from '../run/keys.ts';
import { writeOnce } from '../store/once.ts';
import { openStore } from '../store/open.ts';
import type { ObjectStore } from '../store/store.ts';

/** The user's machine, which has no price. */
export const localResource = 'local';

/** One call of a task. */
export interface Usage {
  /** Name of a stage in `stages/index.ts`. */
  readonly task: string;
  /** `lambda-<MiB>`, `<instance type>-<spot|ondemand>`, or `local`. */
  readonly resource: string;
  readonly ms: number;
  /** Identifies the call: the id of the request or of the job's attempt. */
  readonly id: string;
}

/**
 * Records the use of a call.
 *
 * @param results Location of the results store.
 */
export async function recordUsage(results: string, run: string, usage: Usage): Promise<void> {
  const store = await openStore(results, 'time');
  await writeOnce(store, keys.usage(run) + usageKey(usage), new Uint8Array());
}

/**
 * Formats a record as a key.
 *
 * @throws RangeError if `parseUsageKey` would not find the parts again.
 */
export function usageKey({ task, resource, ms, id }: Usage): string {
  const key = `${task}/${resource}/${Math.max(0, Math.ceil(ms))}-${id}`;
  if (!parseUsageKey(key)) throw new RangeError(`'${key}' is not a record of usage`);
  return key;
}

const pattern =
  /^(?<task>[A-Za-z]{1,40})\/(?<resource>local|lambda-[1-9]\d{2,4}|[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.[a-z0-9-]+-(?:spot|ondemand))\/(?<ms>\d{1,12})-(?<id>[\w.:-]{1,200})$/;

/** Parses a key. Returns undefined for other keys: any key may be in the bucket. */
export function parseUsageKey(key: string): Usage | undefined {
  const found = pattern.exec(key)?.groups;
  if (!found) return undefined;
  const { task = '', resource = '', ms, id = '' } = found;
  return { task, resource, ms: Number(ms), id };
}

/** Sums over the calls of a task on a resource. */
export interface UsageSum {
  readonly task: string;
  readonly resource: string;
  calls: number;
  seconds: number;
}

/** Adds up a run's usage from one listing; memory does not grow with the number of calls. */
export async function readUsages(store: ObjectStore, run: string): Promise<UsageSum[]> {
  const sums = new Map<string, UsageSum>();
  const prefix = keys.usage(run);
  for await (const { key } of store.list(prefix)) {
    const usage = parseUsageKey(key.slice(prefix.length));
    if (!usage) continue;
    const { task, resource, ms } = usage;
    const name = `${task}/${resource}`;
    const sum = sums.get(name) ?? { task, resource, calls: 0, seconds: 0 };
    sum.calls++;
    sum.seconds += ms / 1000;
    sums.set(name, sum);
  }
  return [...sums.values()];
}
