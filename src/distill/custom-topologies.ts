import { architectureOf } from '../models/networks/index.ts';
import { needs, type Plan } from '../run/plan-file.ts';
import type { ObjectStore } from '../store/store.ts';

/**
 * Builds each network whose topology is the user's own, for only that shows whether it can be
 * trained. TensorFlow, which `plan` does without on most datasets, is loaded for these alone.
 *
 * @throws UserError when a file is missing, is no topology, or does not fit the examples, the
 *   classes or what is to be done with it.
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
