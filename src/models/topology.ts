/**
 * The topology of a tfjs LayersModel as JSON. Its last layer outputs class scores: logits
 * (activation linear) in training and in predictions, probabilities (softmax; sigmoid in a
 * multi-label task) in a saved model. A model that was trained on subclasses is saved with one more
 * layer, which adds up the subclasses of each class.
 */
import { z } from 'zod';
import type { tfTypes } from '../tensorflow.ts';
import { listOf } from '../wide-schemas.ts';

/** Maximum number of layers of a network. */
export const maxLayers = 100_000;

const layerSchema = z.looseObject({
  class_name: z.string(),
  config: z.looseObject({
    name: z.string(),
    activation: z.unknown().optional(),
    /** Only for Dense layers. */
    units: z.int().optional(),
  }),
});
type Layer = z.infer<typeof layerSchema>;

const layersSchema = listOf(layerSchema, maxLayers).refine(
  ({ length }) => length > 0,
  'expected a layer',
);

export const topologySchema = z.discriminatedUnion('class_name', [
  z.looseObject({
    class_name: z.literal('Sequential'),
    config: z.looseObject({ layers: layersSchema }),
  }),
  z.looseObject({
    class_name: z.enum(['Model', 'Functional']),
    config: z.looseObject({
      layers: layersSchema,
      /** [layer, node, tensor] of each output. */
      output_layers: z.tuple([z.tuple([z.string(), z.number(), z.number()])]),
    }),
  }),
]);
export type Topology = z.infer<typeof topologySchema>;

/** Returns the topology of a model that we built or loaded. */
export function topologyOf(model: tfTypes.LayersModel): Topology {
  return topologySchema.parse(model.toJSON(null, false));
}

/** Builds the model that a topology describes, with the initial weights of its initializers. */
export async function modelFrom(topology: Topology): Promise<tfTypes.LayersModel> {
  // Imported here because the tables of networks and teachers are read without TensorFlow.
  const { buildLayers } = await import('./build-layers.ts');
  return buildLayers(topology);
}

/** Returns the shape of one example, without the batch. Our models have no open dimension. */
export function inputShapeOf(model: tfTypes.LayersModel): number[] {
  return model.inputs[0]!.shape.slice(1).map(Number);
}

/** Returns the layer whose output is the model's. */
export function outputLayer(topology: Topology): Layer {
  const { layers } = topology.config;
  if (topology.class_name === 'Sequential') return layers.at(-1)!;
  const [[name]] = topology.config.output_layers;
  const found = layers.find((layer) => layer.config.name === name);
  if (!found) throw new RangeError(`the output layer '${name}' is not among the layers`);
  return found;
}

/** Activation that makes probabilities: of classes, which sum to 1, or of single labels. */
export type OutputActivation = 'softmax' | 'sigmoid';

/** Returns the activation of the outputs of a task. */
export function outputActivation(isMultiLabel: boolean): OutputActivation {
  return isMultiLabel ? 'sigmoid' : 'softmax';
}

/** Returns whether the output layer can be switched between logits and these probabilities. */
export function endsInClassScores(topology: Topology, activation: OutputActivation): boolean {
  const { class_name, config } = outputLayer(topology);
  if (class_name === 'Softmax') return activation === 'softmax';
  const found = config.activation ?? 'linear';
  return (
    ['Dense', 'Activation'].includes(class_name) && (found === 'linear' || found === activation)
  );
}

/** Returns a copy that ends in this activation. A Softmax layer becomes an Activation layer. */
export function withOutputActivation(
  topology: Topology,
  activation: 'linear' | OutputActivation,
): Topology {
  const copy = structuredClone(topology);
  const layer = outputLayer(copy);
  if (layer.class_name === 'Softmax') {
    layer.class_name = 'Activation';
    layer.config = { name: layer.config.name, activation };
  } else {
    layer.config.activation = activation;
  }
  return copy;
}

/** Name of the layer that `withClassSums` adds. */
const classSums = 'class_sums';

/** Returns its only weight: 1 if an output is a subclass of the class, otherwise 0. */
export function classSumsWeight(classes: number, subclasses: number) {
  const values = new Float32Array(classes * subclasses * classes);
  for (let output = 0; output < classes * subclasses; output++) {
    values[output * classes + Math.floor(output / subclasses)] = 1;
  }
  return { name: `${classSums}/kernel`, shape: [classes * subclasses, classes], values };
}

/** Returns a copy that outputs the probabilities of classes instead of those of subclasses. */
export function withClassSums(topology: Topology, classes: number): Topology {
  const copy = structuredClone(topology);
  const { name } = outputLayer(copy).config;
  const config = {
    name: classSums,
    units: classes,
    use_bias: false,
    activation: 'linear',
    kernel_initializer: { class_name: 'Zeros', config: {} },
    trainable: false,
  };
  const layer = { class_name: 'Dense', config };
  if (copy.class_name === 'Sequential') {
    copy.config.layers.push(layer);
  } else {
    copy.config.layers.push({ ...layer, name: classSums, inbound_nodes: [[[name, 0, 0, {}]]] });
    copy.config.output_layers = [[classSums, 0, 0]];
  }
  return copy;
}
