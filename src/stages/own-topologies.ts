import { text } from 'node:stream/consumers';
import type { Config } from '../config/schema.ts';
import { type Features, featureShape } from '../data/features.ts';
import type { ObjectStore } from '../store/store.ts';

/**
 * Builds each network whose topology is the user's own, for only that shows whether it can be
 * trained. TensorFlow, which `plan` does without on most datasets, is loaded for these alone.
 *
 * @param areSplit whether a student of theirs is to learn subclasses (`debias/lelp.ts`).
 * @throws UserError when a file is missing, is no topology, or does not fit the examples, the
 *   classes or what is to be done with it.
 */
export async function checkOwnTopologies(
  data: ObjectStore,
  { teacher, student, seed }: Config,
  features: Features,
  classes: readonly string[],
  areSplit: boolean,
): Promise<void> {
  for (const network of [teacher.train, student]) {
    if (network?.architecture !== 'layers-model') continue;
    const { buildNetwork } = await import('../models/networks.ts');
    const { scoresLayer } = await import('../models/subclass-outputs.ts');
    const read = async (key: string) => text(await data.read(key));
    const model = await buildNetwork(network, featureShape(features), classes.length, seed, read);
    try {
      if (areSplit) scoresLayer(model);
    } finally {
      model.dispose();
    }
  }
}
