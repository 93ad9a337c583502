import { featureShape } from '../data/features/index.ts';
import { readPinned } from '../models/network-files.ts';
import { architectureOf } from '../models/networks/index.ts';
import { needs, type Plan } from '../run/plan-file.ts';
import type { ObjectStore } from '../store/store.ts';

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
  plan: Pick<Plan, 'config' | 'features' | 'classes' | 'variants' | 'networkFiles'>,
): Promise<string[]> {
  const { config, features, classes, networkFiles } = plan;
  const problem = {
    inputShape: featureShape(features),
    classes: classes.length,
    readFile: readPinned(data, networkFiles),
    features,
    needsEmbedding: needs(plan, 'embeddings'),
  };
  const warnings = new Set<string>();
  for (const network of [config.teacher.train, config.student]) {
    if (!network) continue;
    const found = await architectureOf(network).check?.(network, problem);
    for (const warning of found ?? []) warnings.add(warning);
  }
  return [...warnings];
}
