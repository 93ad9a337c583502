/**
 * Cross-fitting (Chernozhukov et al., "Double/debiased machine learning", The Econometrics Journal 21,
 * 2018, definition 3.2): the labeled examples are dealt into folds, a model is trained for each fold
 * on all the others, and an example is judged by the model that has not learned it. So every label
 * trains, and every label tells where the models err.
 */
import { hashToUnit } from './random.ts';

/** How the labeled examples are dealt. */
export interface Folds {
  /** With 1 there is one model, which has learned every example. */
  readonly count: number;
  readonly seed: number;
}

/** The fold of an example, from 0: it depends on its id alone, so shards can be read in any order. */
export function foldOf(id: string, { count, seed }: Folds): number {
  return Math.floor(hashToUnit(id, seed) * count);
}
