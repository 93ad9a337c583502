/** Invariants of the objects of a run, whatever happened. */
import { z } from 'zod';
import { withoutStudents } from '../../src/cost/budget.ts';
import { spendSchema } from '../../src/cost/spend.ts';
import { currentSchema } from '../../src/run/current-file.ts';
import { keys } from '../../src/run/keys.ts';
import { planSchema } from '../../src/run/plan-file.ts';
import { openSealed } from '../../src/store/seal.ts';
import type { Execution } from './engine.ts';
import type { SimulatedStorage } from './simulated-storage.ts';
import { tinyPlanSchema } from './tiny-stages.ts';
import { requireThat } from './violation.ts';

/** Objects of a bucket by key. */
export type Objects = ReadonlyMap<string, Buffer>;

/** Objects that change, or that depend on time: pointers, checkpoints, reasons of failures. */
const changing = /^(checkpoints|spend|turns)\/|\/(CURRENT|failure\.json)$/;

/** Objects that took long to compute. */
const costly = /^(labels|teachers)\/|\/(weights\/|ngrams\.bin$)/;

/** A run has the bytes of an undisturbed run, in every object. */
export function requireEqual(objects: Objects, undisturbed: Objects): void {
  const names = new Set([...objects.keys(), ...undisturbed.keys()]);
  for (const key of names) {
    if (changing.test(key) && !key.endsWith('/CURRENT')) continue;
    const [own, other] = [objects.get(key), undisturbed.get(key)];
    const isEqual = own !== undefined && other !== undefined && own.equals(other);
    requireThat(isEqual, 'the results are those of an undisturbed run', () => {
      const sizes = [own, other].map((body) => (body ? `${body.length} bytes` : 'absent'));
      return `${key}: ${sizes.join(', undisturbed ')}`;
    });
  }
}

/** An object that is written once was never visible with other bytes, such as a part of them. */
export function requireWrittenOnce(storage: SimulatedStorage, bucket: string): void {
  for (const [key, versions] of storage.history(bucket)) {
    if (changing.test(key)) continue;
    const last = versions.at(-1)!.body;
    const isOne = versions.every(({ body }) => body.equals(last));
    requireThat(isOne, 'an object is visible whole, and never changes', () => {
      return `${key}: versions of ${versions.map(({ body }) => body.length).join(', ')} bytes`;
    });
  }
}

/** CURRENT never returns to a run that it has left. */
export function requireForward(storage: SimulatedStorage, bucket: string): void {
  for (const [key, versions] of storage.history(bucket)) {
    if (!key.endsWith('/CURRENT')) continue;
    const all = versions.map(({ body }) => currentSchema.parse(openSealed(body, key, key)).run);
    const moves = all.filter((run, index) => run !== all[index - 1]);
    const isForward = new Set(moves).size === moves.length;
    requireThat(isForward, 'CURRENT moves only forward', () => moves.join(' -> '));
  }
}

/** The reserved spend of each run is its estimate, once per month, and within the limits. */
export function requireBudget(
  objects: Objects,
  estimates: ReadonlyMap<string, number>,
  limits: { readonly perDayUsd: number; readonly perMonthUsd: number },
): void {
  for (const [key, body] of objects) {
    if (!key.startsWith('spend/')) continue;
    const { runs } = spendSchema.parse(openSealed(body, key, key));
    const reserved = Object.entries(runs).flatMap(([run, all]) =>
      all.map((one) => ({ run, ...one })),
    );
    for (const [run, all] of Object.entries(runs)) {
      const usd = sumOf(all);
      const isEstimate = Math.abs(usd - (estimates.get(run) ?? 0)) < 1e-9;
      requireThat(isEstimate, 'a run is reserved once', () => `${run}: ${usd} in ${key}`);
    }
    const dayOf = (day: string) => reserved.filter((one) => one.day === day);
    const isWithin =
      sumOf(reserved) <= limits.perMonthUsd &&
      reserved.every(({ day }) => sumOf(dayOf(day)) <= limits.perDayUsd);
    requireThat(isWithin, 'the spend is within its limits', () => `${key}: ${body}`);
  }
}

/** A reservation that a run has heard of stays. */
export function requireReserved(objects: Objects, reserved: Iterable<string>): void {
  const found = [...objects].filter(([key]) => key.startsWith('spend/'));
  const runs = found.flatMap(([key, body]) =>
    Object.keys(spendSchema.parse(openSealed(body, key, key)).runs),
  );
  for (const run of reserved) {
    requireThat(runs.includes(run), 'a reservation stays', () => `${run}: not in ${runs}`);
  }
}

function sumOf(all: readonly { readonly usd: number }[]): number {
  return all.reduce((sum, { usd }) => sum + usd, 0);
}

/** Returns the estimates of the runs by their plans. @param until Last result of the runs. */
export function estimatesOf(objects: Objects, until: 'labels' | 'students'): Map<string, number> {
  const plans = [...objects].filter(([key]) => key === keys.plan(key.split('/')[1]!));
  return new Map(
    plans.map(([key, body]) => {
      const { run, estimate } = planSchema.parse(openSealed(body, key, key));
      const bill = until === 'labels' ? withoutStudents(estimate.bill) : estimate.bill;
      return [run, bill.totalUsd];
    }),
  );
}

/** The same for runs of tiny stages. */
export function tinyEstimatesOf(objects: Objects): Map<string, number> {
  const plans = [...objects].filter(([key]) => key.endsWith('/tiny-plan.json'));
  return new Map(
    plans.map(([key, body]) => [
      key.split('/')[1]!,
      tinyPlanSchema.parse(openSealed(body, key, key)).totalUsd,
    ]),
  );
}

/** Counts the versions of the objects that are written once. */
export function countVersions(storage: SimulatedStorage, bucket: string): number {
  const once = storage.history(bucket).filter(([key]) => !changing.test(key));
  return once.reduce((sum, [, versions]) => sum + versions.length, 0);
}

/** Requests that wrote costly objects, by key. */
export function costlyPuts(storage: SimulatedStorage, bucket: string): Map<string, number> {
  const all = [...storage.puts].map(([name, n]) => [name.slice(bucket.length + 1), n] as const);
  return new Map(all.filter(([key]) => costly.test(key)));
}

/** No costly object is written again. */
export function requireNoRepeat(
  before: ReadonlyMap<string, number>,
  existing: Objects,
  after: ReadonlyMap<string, number>,
): void {
  for (const [key, n] of before) {
    const isOnce = !existing.has(key) || after.get(key) === n;
    requireThat(isOnce, 'a rerun computes only what is missing', () => key);
  }
}

const transient = [
  ...['TransientError', 'Lambda.Unknown', 'Sandbox.Timedout', 'InterruptedError', 'StalledError'],
];

/** Causes that the user can remove. The same command then continues the run. */
const causes = ['S3 does not allow', 'the disk is full'];

/** Calls of a task without progress after which its run has ended. */
const maxStalledCalls = 3;

/** A command that failed states a reason that the faults explain. */
export function requireExplained(error: unknown, { calls, stalled }: Execution): void {
  const { name, message } = z.object({ name: z.string(), message: z.string() }).parse(error);
  for (const [task, count] of stalled) {
    requireThat(count <= maxStalledCalls, 'a run without progress ends itself', () => {
      return `${task}: ${count} calls`;
    });
  }
  if (name === 'UserError') {
    requireThat(
      causes.some((cause) => message.includes(cause)),
      'no fault is blamed on the user',
      () => message,
    );
    return;
  }
  const found = () => `${name}: ${message}; calls: ${JSON.stringify([...calls])}`;
  requireThat(transient.includes(name), 'every error is explained', found);
  const isRetried = calls.size === 0 || Math.max(...calls.values()) > 1;
  requireThat(isRetried, 'a task that fails for a moment is called again', found);
}
