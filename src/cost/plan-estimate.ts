import type { Config } from '../config/schema.ts';
import type { Features } from '../data/features/index.ts';
import type { SetName } from '../data/shard.ts';
import type { Method } from '../debias/method.ts';
import { type MethodName, methods } from '../debias/methods.ts';
import { networksOf } from '../models/size/networks.ts';
import type { RunEstimate, SetSize } from '../run/estimate-file.ts';
import type { ObjectStore } from '../store/store.ts';
import { estimate } from './estimate.ts';

/** Facts about a run that Plan knows. */
export interface PlannedRun {
  readonly config: Config;
  readonly classes: readonly string[];
  readonly features: Features;
  readonly sets: Readonly<Record<SetName, SetSize>>;
  readonly variants: readonly { readonly method: MethodName }[];
  readonly baselines: readonly unknown[];
}

/**
 * Estimates a planned run. Reads no example; of a user-supplied teacher, it reads the size of the
 * files.
 *
 * @param data The dataset.
 * @param labeledShards Number of shards that already have labels of this teacher.
 */
export async function estimatePlan(
  data: ObjectStore,
  { config, classes, features, sets, variants, baselines }: PlannedRun,
  labeledShards: number,
): Promise<RunEstimate> {
  const networks = await networksOf(data, config, features, classes.length);
  return estimate({
    config,
    features,
    sets,
    networks,
    labeledShards,
    classes: classes.length,
    baselines: baselines.length,
    trainings: variants.map(({ method }) => trainingsOf(method, config, sets.unlabeled.examples)),
  });
}

/**
 * Returns the number of trainings on the whole unlabeled set that a student can cost. Trainings on
 * a sample count as parts of one.
 */
export function trainingsOf(name: MethodName, config: Config, unlabeledExamples: number): number {
  const method: Method<Config> = methods[name];
  return method.trainings?.(config, unlabeledExamples) ?? 1;
}
