/** The runs in a location of results. */
import { isAboutContent, UserError } from '../errors.ts';
import { type RunMetrics, runMetricsSchema } from '../evaluate/run-metrics.ts';
import { readCurrent } from '../run/current-file.ts';
import { readFailure } from '../run/failure-file.ts';
import { keys } from '../run/keys.ts';
import { recordSchema } from '../run/plan-file.ts';
import { readJson } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';

/** A run, as far as it got. */
export interface ListedRun {
  readonly run: string;
  /** Location of the dataset; undefined if the record is damaged. */
  readonly dataset?: string;
  readonly started: Date;
  /** `unfinished`: it is running, or it was stopped. `damaged`: its files cannot be read. */
  readonly state: 'finished' | 'unfinished' | 'failed' | 'refused' | 'damaged';
  /** Why it failed, was refused, or cannot be read. */
  readonly reason?: string;
  readonly metrics?: RunMetrics;
  /** Whether its student is the one in use. */
  readonly inUse: boolean;
}

/** Lists all runs, the newest first. */
export async function listRuns(results: ObjectStore): Promise<ListedRun[]> {
  const current = await runsInUse(results);
  const runs: ListedRun[] = [];
  for await (const folder of results.folders('runs/')) {
    const found = await describeRun(results, folder.split('/')[1]!, current);
    if (found) runs.push(found);
  }
  return runs.sort((a, b) => b.started.getTime() - a.started.getTime());
}

/** Returns the runs whose students are in use, one per dataset. */
async function runsInUse(results: ObjectStore): Promise<Set<string>> {
  const runs = new Set<string>();
  for await (const folder of results.folders('students/')) {
    const key = keys.current(folder.split('/')[1]!);
    if (!(await results.head(key))) continue;
    const current = await readable(readCurrent(results, key));
    // The next run replaces a damaged pointer.
    if (!(current instanceof UserError)) runs.add(current.run);
  }
  return runs;
}

/** @returns undefined if there is no such run. */
async function describeRun(
  results: ObjectStore,
  run: string,
  current: ReadonlySet<string>,
): Promise<ListedRun | undefined> {
  for await (const { modified } of results.list(keys.record(run))) {
    const shared = { run, started: modified, inUse: current.has(run) };
    const state = await readable(stateOf(results, run));
    if (!(state instanceof UserError)) return { ...shared, ...state };
    return { ...shared, state: 'damaged', reason: state.message };
  }
  return undefined;
}

type State = Pick<ListedRun, 'dataset' | 'state' | 'reason' | 'metrics'>;

async function stateOf(results: ObjectStore, run: string): Promise<State> {
  const record = await readJson(results, keys.record(run), recordSchema);
  const { dataset } = record;
  if ('refused' in record) return { dataset, state: 'refused', reason: record.refused.message };
  if (await results.head(keys.publication(run))) {
    const metrics = await readJson(results, keys.metrics(run), runMetricsSchema);
    return { dataset, state: 'finished', metrics };
  }
  const failure = await readFailure(results, run);
  return failure
    ? { dataset, state: 'failed', reason: failure.message }
    : { dataset, state: 'unfinished' };
}

/** Returns the error instead, if a file is missing or damaged: one run does not hide the others. */
async function readable<Result>(read: Promise<Result>): Promise<Result | UserError> {
  try {
    return await read;
  } catch (error) {
    if (isAboutContent(error)) return error;
    throw error;
  }
}
