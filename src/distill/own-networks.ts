import { featureShape } from '../data/features/index.ts';
import { networkFeatures } from '../models/encoders/planned.ts';
import { readPinned } from '../models/network-files.ts';
import { architectureOf } from '../models/networks/index.ts';
import { membersOf } from '../models/teachers/trained-kind.ts';
import { needs, type Plan, planDecisions } from '../run/plan-file.ts';
import type { ObjectStore } from '../store/store.ts';
import type { NetworkPlan } from './training.ts';

/**
 * Checks the networks that are made of the user's files, or start from them. Loads TensorFlow only
 * for such networks, so `plan` rarely needs it.
 *
 * @returns warnings, each once.
 * @throws UserError if a file is missing, is not a network, or does not fit the examples, the
 *   classes or the method.
 */
export async function checkOwnNetworks(
  data: ObjectStore,
  plan: NetworkPlan & Pick<Plan, 'variants'>,
): Promise<string[]> {
  const { config, classes, networkFiles } = plan;
  const warnings = new Set<string>();
  for (const network of [...membersOf(config.teacher), config.student]) {
    const features = networkFeatures(plan, network);
    const problem = {
      inputShape: featureShape(features),
      classes: classes.length,
      isMultiLabel: planDecisions(plan).isMultiLabel,
      readFile: readPinned(data, networkFiles),
      features,
      needsEmbedding: needs(plan, 'embeddings'),
      isStudent: network === config.student,
    };
    const found = await architectureOf(network).check?.(network, problem);
    for (const warning of found ?? []) warnings.add(warning);
  }
  return [...warnings];
}
