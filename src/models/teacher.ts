/** A batch of decoded examples. */
export interface Inputs {
  readonly ids: readonly string[];
  /** [n, ...featureShape], row by row. Normalised as the model's `Features` say. */
  readonly values: Float32Array;
}

/** What a teacher says of a batch of n examples. */
export interface Predictions {
  /** [n, classes], row by row; each row sums to 1. A row of NaN: the teacher has no answer. */
  readonly probabilities: Float32Array;
  /** [n, embeddingSize], where the teacher has an embedding. */
  readonly embeddings?: Float32Array;
  /** [n, voters], where the teacher is several models: the most likely class of each. */
  readonly votes?: Int32Array;
}

/** A teacher: examples in, class probabilities out. Built by `models/open-teacher.ts`. */
export interface Teacher {
  readonly embeddingSize: number | undefined;
  /** How many models it is, where it is several. */
  readonly voters?: number;
  /** A batch of this many examples fits the model and the memory. */
  readonly batchSize: number;
  predict(inputs: Inputs): Promise<Predictions>;
  /** Frees the native memory. */
  dispose(): void;
}
