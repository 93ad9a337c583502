import type { Features } from '../data/features/index.ts';
import type { Rows } from '../data/features/kind.ts';
import type { RawColumn, RawValue } from '../data/features/raw-columns.ts';
import type { SetName } from '../data/shard.ts';

/** A batch of decoded examples. */
export interface Inputs {
  readonly ids: readonly string[];
  /** Set whose folder has the examples: only a teacher whose answers are stored reads it. */
  readonly set?: SetName | undefined;
  /** Normalized by the model's `Features`; without examples for a teacher with `columns`. */
  readonly rows: Rows;
  /** Normalized by the teacher's `moreFeatures`, one per features. */
  readonly moreRows?: readonly Rows[];
  /** [n, columns], for a teacher with `columns`. */
  readonly cells?: readonly (readonly RawValue[])[];
}

/** A teacher's answers for a batch of n examples. */
export interface Predictions {
  /** Row-major, [n, classes]; each row sums to 1, or is NaN if the teacher has no answer. */
  readonly probabilities: Float32Array;
  /** [n, classes]: the probabilities before calibration, if the teacher is calibrated. */
  readonly rawProbabilities?: Float32Array;
  /** [n, embeddingSize], if the teacher has an embedding. */
  readonly embeddings?: Float32Array;
  /** [n, voters], if the teacher is several models: the most likely class of each. */
  readonly votes?: Int32Array;
  /** Messages of a model that fails on single examples, by row; these rows are NaN. */
  readonly failures?: ReadonlyMap<number, string>;
  /** Number of texts that were cut to the teacher's maximum length. Default: 0. */
  readonly truncated?: number;
}

/** A teacher: examples in, class probabilities out. Built by `models/open-teacher.ts`. */
export interface Teacher {
  /** Columns of a table that it reads as they are written. Default: it reads features. */
  readonly columns?: readonly RawColumn[] | undefined;
  readonly embeddingSize: number | undefined;
  /** Features that it reads besides its first: those of other members of a mixture. */
  readonly moreFeatures?: readonly Features[];
  /** Number of models, if the teacher is several. */
  readonly voters?: number;
  /** Whether its answers have probabilities before calibration. Default: false. */
  readonly isCalibrated?: boolean;
  /** Reason to quarantine an example whose answer is NaN. Default: a model's. */
  readonly unanswered?: string;
  /** Examples per batch that fit the model and the memory. */
  readonly batchSize: number;
  predict(inputs: Inputs): Promise<Predictions>;
  /** Frees the native memory. */
  dispose(): void;
}
