/** Comparison of finished runs: their figures, their configs, and paired differences. */
import { readPredictions } from '../data/tables/predictions-file.ts';
import { UserError } from '../errors.ts';
import { leaves } from '../evaluate/config-fields.ts';
import { mainMetric } from '../evaluate/main-metric.ts';
import { type PairedDifference, pairedDifference } from '../evaluate/paired-runs.ts';
import { type RunMetrics, runMetricsSchema } from '../evaluate/run-metrics.ts';
import { keys } from '../run/keys.ts';
import { planSchema } from '../run/plan-file.ts';
import { readJson } from '../store/once.ts';
import type { ObjectStore } from '../store/store.ts';

/** Comparison of several runs. */
export interface RunComparison {
  readonly runs: readonly RunMetrics[];
  /**
   * The student of each further run minus that of the first, in accuracy or micro F1; undefined if
   * their test examples differ, or the predictions of one were not stored.
   */
  readonly differences: readonly (PairedDifference | undefined)[];
  /** Fields of the configs that differ, with a value per run; undefined where it is missing. */
  readonly settings: readonly { readonly field: string; readonly values: readonly unknown[] }[];
}

/**
 * Compares runs by their names.
 * @throws UserError if a run does not exist or has not finished, or the tasks differ.
 */
export async function compareRuns(
  results: ObjectStore,
  names: readonly string[],
): Promise<RunComparison> {
  const runs: RunMetrics[] = [];
  for (const name of names) runs.push(await readMetrics(results, name));
  const [first, ...others] = runs;
  const metric = mainMetric(first!.metrics).name;
  const odd = others.find(({ metrics }) => mainMetric(metrics).name !== metric);
  if (odd) {
    throw new UserError(
      `${first!.run} and ${odd.run} have different tasks: only one of them has several labels per example`,
      'Compare runs of one task.',
    );
  }
  const differences: RunComparison['differences'][number][] = [];
  for (const other of others) {
    differences.push(await differenceOf(results, other, first!));
  }
  return { runs, differences, settings: await differentSettings(results, names) };
}

async function readMetrics(results: ObjectStore, run: string): Promise<RunMetrics> {
  if (await results.head(keys.metrics(run))) {
    return readJson(results, keys.metrics(run), runMetricsSchema);
  }
  const exists = await results.head(keys.record(run));
  throw new UserError(
    exists
      ? `the run ${run} has not finished, so that it has no figures`
      : `there is no run ${JSON.stringify(run)} in ${results.location}`,
    exists ? 'Run it again: it continues.' : 'To list the runs: counterweight runs',
  );
}

/** Subtracts the second run's student from the first; undefined if their examples differ. */
async function differenceOf(results: ObjectStore, first: RunMetrics, second: RunMetrics) {
  const answers = [];
  for (const { run, students } of [first, second]) {
    // Older versions did not write the predictions.
    if (!(await results.head(keys.predictions(run)))) return undefined;
    answers.push(readPredictions(results, keys.predictions(run), students[0]!.variant));
  }
  return pairedDifference(answers[0]!, answers[1]!, mainMetric(first.metrics).name);
}

async function differentSettings(results: ObjectStore, names: readonly string[]) {
  const configs: Map<string, unknown>[] = [];
  for (const run of names) {
    const { config } = await readJson(results, keys.plan(run), planSchema);
    configs.push(new Map(leaves(config).map(({ path, value }) => [path.join('.'), value])));
  }
  const fields = new Set(configs.flatMap((config) => [...config.keys()]));
  return [...fields].flatMap((field) => {
    const values = configs.map((config) => config.get(field));
    const isEqual = values.every((value) => JSON.stringify(value) === JSON.stringify(values[0]));
    return isEqual ? [] : [{ field, values }];
  });
}
