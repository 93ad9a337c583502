/** Content of an example before it is decoded into numbers; one type per kind of features. */
export type Content =
  /** An encoded JPEG, PNG or WebP file. */
  | { readonly kind: 'image'; readonly bytes: Uint8Array }
  /** A row: one value per column; null is missing. */
  | {
      readonly kind: 'row';
      readonly columns: Readonly<Record<string, string | number | null>>;
      /** Whether missing values may be absent; otherwise an absent column is an error. */
      readonly isSparse?: true;
    }
  /** Features that the user computed, used as they are. */
  | { readonly kind: 'vector'; readonly values: Float32Array }
  /** A text as it is written; decoding normalizes it. */
  | {
      readonly kind: 'text';
      readonly text: string;
      /** Columns of its row, if the row lacks one of those that the text is made of. */
      readonly columns?: readonly string[];
    };

/** One example as it is read from a shard. */
export interface Example {
  /**
   * Unique within its shard: the id column or, without one, the position below the folder of the
   * set. Examples: 'monday/a.tar/000017', 'people.csv:12' (the row, from 0; also for Parquet),
   * 'cat/1.jpg'.
   */
  readonly id: string;
  /**
   * The class's name or index as written in the data; in a multi-label task, the list as a text
   * (`label-list.ts`). Undefined if the data has none.
   */
  readonly label: string | undefined;
  readonly content: Content;
  /** Its embeddings by encoders, [dimension] each, if they were joined to it: by their digest. */
  readonly embeddings?: ReadonlyMap<string, Float32Array>;
}

/** An example that cannot be used. It is quarantined with its reason, and the run continues. */
export interface Rejected {
  readonly id: string;
  /** One sentence for the user: the defect and what was expected. */
  readonly reason: string;
  /**
   * Number of examples lost, if it is known to be more than one: the rest of a damaged file, or
   * examples that are only counted (`listed-rejections.ts`).
   */
  readonly lost?: number | undefined;
  /** Whether all of them are one row of the file, because a quote was closed too late. */
  readonly isOneRow?: true;
}

/** The id and the label of an example, read without its content. */
export type LabelOnly = Pick<Example, 'id' | 'label'>;

/** Returns whether an example, or what was made of it, is rejected. */
export function isRejected(item: object): item is Rejected {
  return 'reason' in item;
}
