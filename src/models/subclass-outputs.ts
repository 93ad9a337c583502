/** A network whose last layer scores the subclasses of classes. */
import { UserError } from '../errors.ts';
import { tf, type tfTypes } from '../tensorflow.ts';
import { modelFrom, outputLayer, topologyOf } from './topology.ts';

/**
 * The layer that turns a network's embedding into scores of the classes.
 * @throws UserError when the network's last layer is another one.
 */
export function scoresLayer(model: tfTypes.LayersModel): tfTypes.layers.Layer {
  const { class_name, config } = outputLayer(topologyOf(model));
  if (class_name === 'Dense') return model.getLayer(config.name);
  throw new UserError(
    `method lelp is for networks that end in a Dense layer, and '${model.name}' ends in the ${class_name} layer '${config.name}'`,
    'Give the Dense layer before it the activation, and leave the last layer out of the topology.',
  );
}

/**
 * A copy with `subclasses` outputs for each one of the model, side by side: [n, classes × subclasses].
 * Each starts with the weights of its class, so all of a class together say at first what the model
 * says.
 * @param model gives logits, [n, classes]. It stays the caller's.
 * @throws UserError when its last layer is not Dense.
 */
export async function splitOutputs(
  model: tfTypes.LayersModel,
  subclasses: number,
): Promise<tfTypes.LayersModel> {
  const scores = scoresLayer(model);
  const topology = topologyOf(model);
  const { config } = outputLayer(topology);
  config.units = config.units! * subclasses;
  const split = await modelFrom(topology);
  const own = new Set(scores.weights.map(({ originalName }) => originalName));
  tf.tidy(() => {
    model.weights.forEach((weight, place) => {
      const value = weight.read();
      split.weights[place]!.write(
        own.has(weight.originalName) ? repeatColumns(value, subclasses) : value,
      );
    });
  });
  return split;
}

/** Each column as often as told: [..., columns] to [..., columns × times]. */
function repeatColumns(value: tfTypes.Tensor, times: number): tfTypes.Tensor {
  const copies = Array.from({ length: times }, () => value);
  return tf.stack(copies, -1).reshape([...value.shape.slice(0, -1), -1]);
}
