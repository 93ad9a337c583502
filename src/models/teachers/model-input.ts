import type { RawColumn } from '../../data/features/raw-columns.ts';
import type { Inputs } from '../teacher.ts';
import type { InputTensor } from './loaded-model.ts';

/** Conversion of a teacher's inputs to the tensors that its model reads. */
export interface ModelInput {
  /** Batch size that the model is fixed to, if it is. */
  readonly fixedBatch: number | undefined;
  /** Columns of a table that the model reads as written; undefined if it reads features. */
  readonly columns?: readonly RawColumn[];
  /**
   * Returns one tensor per input, for `n` examples from `start` on. Blank examples follow if
   * there are fewer.
   */
  feeds(inputs: Inputs, start: number, n: number): InputTensor[];
}
