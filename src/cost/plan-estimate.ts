import type { Config } from '../config/schema.ts';
import type { Features } from '../data/features/index.ts';
import type { SetName } from '../data/shard.ts';
import type { Method } from '../debias/method.ts';
import { type MethodName, methods } from '../debias/methods.ts';
import { networkFeatures, type PlannedEncoder } from '../models/encoders/planned.ts';
import { networksOf } from '../models/size/networks.ts';
import type { SetSize } from '../run/estimate-file.ts';
import type { ObjectStore } from '../store/store.ts';
import type { RunWork } from './work.ts';

/** Facts about a run that Plan knows. */
export interface PlannedRun {
  readonly config: Config;
  readonly classes: readonly string[];
  readonly features: Features;
  readonly encoders: readonly PlannedEncoder[];
  readonly sets: Readonly<Record<SetName, SetSize>>;
  readonly variants: readonly { readonly method: MethodName }[];
  readonly baselines: readonly unknown[];
}

/**
 * Collects the work of a planned run, for its estimate. Reads no example; of a user-supplied
 * teacher, it reads the size of the files.
 *
 * @param data The dataset.
 * @param cached Number of shards that already have labels of this teacher, and embeddings.
 */
export async function plannedWork(
  data: ObjectStore,
  plan: PlannedRun,
  cached: Pick<RunWork, 'labeledShards' | 'embeddedShards'>,
): Promise<RunWork> {
  const { config, classes, encoders, sets, variants, baselines } = plan;
  return {
    config,
    features: networkFeatures(plan, config.student),
    encoders,
    sets,
    networks: await networksOf(data, config, plan, classes.length),
    ...cached,
    classes: classes.length,
    baselines: baselines.length,
    trainings: variants.map(({ method }) => trainingsOf(method, config, sets.unlabeled.examples)),
  };
}

/**
 * Returns the number of trainings on the whole unlabeled set that a student can cost. Trainings on
 * a sample count as parts of one.
 */
export function trainingsOf(name: MethodName, config: Config, unlabeledExamples: number): number {
  const method: Method<Config> = methods[name];
  return method.trainings?.(config, unlabeledExamples) ?? 1;
}
