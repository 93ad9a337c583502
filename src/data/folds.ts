/**
 * Cross-fitting (Chernozhukov et al., "Double/debiased machine learning", The Econometrics Journal
 * 21, 2018, definition 3.2). The labeled examples are split into folds. Per fold, a model is
 * trained on all other folds and evaluated on this one. So every label is used for training, and
 * also to measure the errors of a model that was not trained on it.
 */
import { hashToUnit } from './random.ts';

/** Split of the labeled examples into folds. */
export interface Folds {
  /** Number of folds; 1 means one model that is trained on every example. */
  readonly count: number;
  readonly seed: number;
}

/**
 * Returns an example's fold, from 0. Depends only on its id, so shards can be read in any order.
 */
export function foldOf(id: string, { count, seed }: Folds): number {
  return Math.floor(hashToUnit(id, seed) * count);
}
