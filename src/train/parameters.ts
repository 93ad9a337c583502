import type { tfTypes } from '../tensorflow.ts';

/** Trainable weight. */
export interface Parameter {
  /** Unique in its model, such as "conv1/kernel". */
  readonly name: string;
  readonly variable: tfTypes.Variable;
}

/** Lists the trainable weights of a model. */
export function parametersOf(model: tfTypes.LayersModel): Parameter[] {
  return model.trainableWeights.map(named);
}

/** Lists all weights of a model: trainable ones, and the averages of batch norm. */
export function weightsOf(model: tfTypes.LayersModel): Parameter[] {
  return model.weights.map(named);
}

function named(weight: tfTypes.LayerVariable): Parameter {
  // `read` returns the variable itself, although its type is a tensor's.
  return { name: weight.originalName, variable: weight.read() as tfTypes.Variable };
}
