import type { tfTypes } from '../tensorflow.ts';

/** A weight that is trained. */
export interface Parameter {
  /** Unique in its model, such as "conv1/kernel". */
  readonly name: string;
  readonly variable: tfTypes.Variable;
}

/** The weights of a model that are trained. */
export function parametersOf(model: tfTypes.LayersModel): Parameter[] {
  return model.trainableWeights.map(named);
}

/** All weights of a model: those that are trained, and the averages of batch norm. */
export function weightsOf(model: tfTypes.LayersModel): Parameter[] {
  return model.weights.map(named);
}

function named(weight: tfTypes.LayerVariable): Parameter {
  // `read` gives the variable itself, which its type does not say.
  return { name: weight.originalName, variable: weight.read() as tfTypes.Variable };
}
