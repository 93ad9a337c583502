import type { tfTypes } from '../tensorflow.ts';
import { NgramsModel } from './ngrams/model.ts';

/** A model to train: a network of TensorFlow, which outputs logits, or n-grams of texts. */
export type TrainableModel = tfTypes.LayersModel | NgramsModel;

/** Returns whether a model needs no TensorFlow. */
export function isNgrams(model: TrainableModel): model is NgramsModel {
  return model instanceof NgramsModel;
}

/**
 * Returns a model that must be a network of TensorFlow.
 * @throws Error if it is not; the architecture decides, so this is an error of the program.
 */
export function asLayers(model: TrainableModel): tfTypes.LayersModel {
  if (isNgrams(model)) throw new Error('expected a network of TensorFlow, found n-grams');
  return model;
}
