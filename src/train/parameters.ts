import type { tfTypes } from '../tensorflow.ts';

/** Weight of a model. */
export interface Weight {
  /** Unique in its model, such as "conv1/kernel". */
  readonly name: string;
  readonly variable: tfTypes.Variable;
}

/** Trainable weight. */
export interface Parameter extends Weight {
  /** Factor on the learning rate. */
  readonly rateFactor: number;
}

/**
 * Lists the trainable weights of a model.
 * @param rateFactor returns the factor of a weight by its name. Default: 1.
 */
export function parametersOf(
  model: tfTypes.LayersModel,
  rateFactor: (name: string) => number = () => 1,
): Parameter[] {
  return model.trainableWeights.map((weight) => {
    const { name, variable } = named(weight);
    return { name, variable, rateFactor: rateFactor(name) };
  });
}

/** Lists all weights of a model: trainable and frozen ones, and the averages of batch norm. */
export function weightsOf(model: tfTypes.LayersModel): Weight[] {
  return model.weights.map(named);
}

/** Returns whether a weight is a kernel: not a bias, nor the scale of batch norm. */
export function isKernel(name: string): boolean {
  return name.endsWith('kernel');
}

function named(weight: tfTypes.LayerVariable): Weight {
  // `read` returns the variable itself, although its type is a tensor's.
  return { name: weight.originalName, variable: weight.read() as tfTypes.Variable };
}
