import { architectureOf } from '../models/networks/index.ts';
import { needs, type Plan } from '../run/plan-file.ts';
import type { ObjectStore } from '../store/store.ts';

/**
 * Builds each network that is made of the user's files, because only building shows whether it can
 * be trained. Loads TensorFlow only for such networks, so `plan` rarely needs it.
 *
 * @throws UserError if a file is missing, is not a network, or does not fit the examples, the
 *   classes or the method.
 */
export async function checkOwnNetworks(
  data: ObjectStore,
  plan: Pick<Plan, 'config' | 'features' | 'classes' | 'variants' | 'networkFiles'>,
): Promise<void> {
  const { teacher, student, seed } = plan.config;
  for (const network of [teacher.train, student]) {
    if (!network || !architectureOf(network).files) continue;
    const { networkOf } = await import('./training.ts');
    const { scoresLayer } = await import('../models/subclass-outputs.ts');
    const model = await networkOf({ data, plan }, network, seed);
    try {
      if (needs(plan, 'embeddings')) scoresLayer(model);
    } finally {
      model.dispose();
    }
  }
}
