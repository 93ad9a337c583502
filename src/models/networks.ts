import type { tfTypes } from '../tensorflow.ts';
import type { Network } from './config.ts';
import { convnet } from './networks/convnet.ts';
import { layersModel } from './networks/layers-model.ts';
import { mlp } from './networks/mlp.ts';
import { resnet } from './networks/resnet.ts';

/**
 * Builds an untrained network that gives logits, [n, classes]: softmax is added where the model is
 * published (`student.ts`). The same seed gives the same weights.
 *
 * @param inputShape of one example, without the batch: `featureShape(features)`. A convnet or a resnet
 *   is for images, which the config makes sure of.
 * @param readTopology gives the text of the file that `network.topology` names (layers-model only).
 * @throws UserError when a topology of the user's does not fit the examples or the classes.
 */
export async function buildNetwork(
  network: Network,
  inputShape: readonly number[],
  classes: number,
  seed: number,
  readTopology?: (key: string) => Promise<string>,
): Promise<tfTypes.LayersModel> {
  switch (network.architecture) {
    case 'mlp':
      return mlp(network, inputShape, classes, seed);
    case 'convnet':
      return convnet(network, inputShape, classes, seed);
    case 'resnet':
      return resnet(network, inputShape, classes, seed);
    case 'layers-model': {
      if (!readTopology) throw new TypeError('layers-model needs readTopology');
      const text = await readTopology(network.topology);
      return layersModel(text, network.topology, inputShape, classes, seed);
    }
  }
}
