/** The runs in a location of results. */
import { type RunMetrics, runMetricsSchema } from '../evaluate/run-metrics.ts';
import { keys } from '../run/keys.ts';
import { recordSchema } from '../run/plan-file.ts';
import { currentSchema } from '../stages/publish.ts';
import { failureSchema } from '../stages/record-failure.ts';
import { readJson } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';

/** A run, as far as it got. */
export interface ListedRun {
  readonly run: string;
  /** Location of the dataset. */
  readonly dataset: string;
  readonly started: Date;
  /** `unfinished`: it is running, or it was stopped. */
  readonly state: 'finished' | 'unfinished' | 'failed' | 'refused';
  /** Why it failed or was refused. */
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
    runs.add((await readJson(results, key, currentSchema)).run);
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
    const record = await readJson(results, keys.record(run), recordSchema);
    const shared = { run, dataset: record.dataset, started: modified, inUse: current.has(run) };
    if ('refused' in record) {
      return { ...shared, state: 'refused', reason: record.refused.message };
    }
    if (await results.head(keys.publication(run))) {
      const metrics = await readJson(results, keys.metrics(run), runMetricsSchema);
      return { ...shared, state: 'finished', metrics };
    }
    if (!(await results.head(keys.failure(run)))) return { ...shared, state: 'unfinished' };
    const { message } = await readJson(results, keys.failure(run), failureSchema);
    return { ...shared, state: 'failed', reason: message };
  }
  return undefined;
}
