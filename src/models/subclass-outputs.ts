/** Networks whose last layer scores the subclasses of classes. */
import { UserError } from '../errors.ts';
import { tf, type tfTypes } from '../tensorflow.ts';
import { modelFrom, outputLayer, topologyOf } from './topology.ts';

/**
 * Returns the layer that turns a network's embedding into class scores.
 * @throws UserError if the network's last layer is not Dense.
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
 * Copies a model and splits each of its outputs into adjacent subclasses: [n, classes ×
 * subclasses]. Each subclass starts with the weights of its class, so at first all subclasses of a
 * class together have the class's probability.
 * @param model Outputs logits, [n, classes]. The caller disposes of it.
 * @throws UserError if its last layer is not Dense.
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
  const scoreWeights = new Set(scores.weights.map(({ originalName }) => originalName));
  tf.tidy(() => {
    model.weights.forEach((weight, index) => {
      const value = weight.read();
      split.weights[index]!.write(
        scoreWeights.has(weight.originalName) ? repeatColumns(value, subclasses) : value,
      );
    });
  });
  return split;
}

/** Repeats each column: [..., columns] to [..., columns × times]. */
function repeatColumns(value: tfTypes.Tensor, times: number): tfTypes.Tensor {
  const copies = Array.from({ length: times }, () => value);
  return tf.stack(copies, -1).reshape([...value.shape.slice(0, -1), -1]);
}
