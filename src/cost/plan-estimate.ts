import type { Config } from '../config/schema.ts';
import type { Features } from '../data/features/features.ts';
import type { SetName } from '../data/shard.ts';
import { others, sampleExamples } from '../debias/auto.ts';
import type { MethodName } from '../debias/methods.ts';
import { networksOf } from '../models/size/networks.ts';
import type { Estimate, SetSize } from '../run/estimate-file.ts';
import type { ObjectStore } from '../store/store.ts';
import { estimate } from './estimate.ts';

/** What Plan knows of a run. */
export interface PlannedRun {
  readonly config: Config;
  readonly classes: readonly string[];
  readonly features: Features;
  readonly sets: Readonly<Record<SetName, SetSize>>;
  readonly variants: readonly { readonly method: MethodName }[];
}

/**
 * The estimate of a planned run. Reads no example; of a brought teacher, it looks at the size of the
 * files.
 *
 * @param data the dataset.
 * @param labeledShards how many shards have labels of this teacher already.
 */
export async function estimatePlan(
  data: ObjectStore,
  { config, classes, features, sets, variants }: PlannedRun,
  labeledShards: number,
): Promise<Estimate> {
  const networks = await networksOf(data, config, features, classes.length);
  return estimate({
    ...{ config, features, sets, networks, labeledShards },
    classes: classes.length,
    trainings: variants.map(({ method }) => trainingsOf(method, config, sets.unlabeled.examples)),
  });
}

/** Trainings on the whole unlabeled set that a student can come to; those on a sample are parts of one. */
export function trainingsOf(
  method: MethodName,
  { folds, relabel }: Pick<Config, 'folds' | 'relabel'>,
  unlabeledExamples: number,
): number {
  const relabeling = 1 + relabel.rounds * folds;
  if (method === 'relabel') return relabeling;
  if (method !== 'auto') return 1;
  const share = Math.min(1, sampleExamples / Math.max(unlabeledExamples, 1));
  return relabeling + Math.ceil((1 + others.length) * folds * share);
}
