import type { Example, Rejected } from '../../data/example.ts';
import type { InputTensor } from '../teachers/loaded-model.ts';

/** Tensors for one call of an encoder's model. */
export interface InputBatch {
  /** Positions of the examples in the list to embed; further rows of the tensors are blank. */
  readonly rows: readonly number[];
  readonly feeds: readonly InputTensor[];
  /** Tokens that count per row of the tensors. Undefined: all positions count. */
  readonly lengths: readonly number[] | undefined;
}

/** Sink for facts about examples that a batch cannot hold. */
export interface BatchNotes {
  readonly rejected: Map<number, Rejected>;
  truncated: number;
}

/** The part of an encoder that turns examples into tensors. */
export interface EncoderInput {
  readonly chunk: number;
  /** Whether the images have their channels first, and so usually a map of features. */
  readonly channelsFirst: boolean;
  /** Height divided by width of the images; 1 for texts. */
  readonly aspect: number;
  /** Returns blank examples, to find the shape of the output. */
  probe(): InputBatch;
  batches(examples: readonly Example[], notes: BatchNotes): AsyncIterable<InputBatch>;
}
