import { architectureOf } from '../models/networks/index.ts';
import { needs, type Plan } from '../run/plan-file.ts';
import type { ObjectStore } from '../store/store.ts';

/**
 * Builds each network with a user-supplied topology, because only building shows whether it can be
 * trained. Loads TensorFlow only for such networks, so `plan` rarely needs it.
 *
 * @throws UserError if a file is missing, is not a topology, or does not fit the examples, the
 *   classes or the method.
 */
export async function checkOwnTopologies(
  data: ObjectStore,
  plan: Pick<Plan, 'config' | 'features' | 'classes' | 'variants'>,
): Promise<void> {
  const { teacher, student, seed } = plan.config;
  for (const network of [teacher.train, student]) {
    if (!network || !architectureOf(network).userTopology) continue;
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
