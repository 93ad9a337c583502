/** Row type of the table of formats: facts about the files, and code that is loaded if needed. */
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import type { Example, LabelOnly, Rejected } from '../example.ts';
import type { UnreadColumn } from '../features/column-report.ts';
import type { KindName } from '../features/index.ts';
import type { ColumnSample } from '../features/kind.ts';
import type { Piece, Shard } from '../shard.ts';

/** A data format. */
export interface Format<Name extends string = string> {
  /** Name in the config: `data.format`. */
  readonly name: Name;
  /** The files in words, for the schema and for error messages. */
  readonly description: string;
  /** File extensions, lower case, without the dot. */
  readonly extensions: readonly string[];
  /** Whether folders whose names start with `_` are ignored: Spark has unfinished output there. */
  readonly ignoresUnderscored?: boolean;
  /** Files of tables with versions, whose folders also hold rows of earlier versions. */
  readonly versionLog?: RegExp;
  /** Kinds of features whose content the files can hold. */
  readonly kinds: readonly KindName[];
  /** GET requests that read one piece. */
  readonly readGets: number;
  /** GET requests per piece when Plan cuts the objects; 0 if the listing is enough. */
  readonly cutGets: number;
  /** Whether `cut` can divide one object among several shards. */
  readonly isDivisible: boolean;
  /** Examples per piece, if it is the same number for all; otherwise undefined. */
  readonly examplesPerPiece?: number;
  /** Whether every id starts with the key of its file. Otherwise two files may share an id. */
  readonly idsFromKeys?: boolean;
  /** Whether the label of an example is the first folder below its set. */
  readonly foldersAreClasses?: boolean;
  /**
   * Returns whether bytes are the start of a file that can be read as a stream, without its end.
   * Default: the files cannot be read as a stream.
   */
  startsLike?(start: Uint8Array): boolean;
  /** Loads the code that reads and writes the files. */
  load(): Promise<FormatFiles>;
}

/** Code that reads and writes the files of a format. */
export interface FormatFiles {
  readonly read: FormatReader;
  readonly write: FormatWriter;
  /** Reads ids and labels only, if that takes less than `read`. Default: `read`. */
  readonly readLabels?: LabelReader;
  /** Default: every object is one piece. */
  readonly cut?: FormatCutter;
  /** Only for tables. */
  readonly sampleColumns?: ColumnSampler;
  /** Finds the kind of the examples in an object. Default: the format's first kind. */
  readonly sampleKind?: (store: ObjectStore, object: ObjectInfo) => Promise<KindName | undefined>;
}

/** Reads the examples of a shard, in the order of its pieces. */
export type FormatReader = (
  store: ObjectStore,
  shard: Shard,
  config: ColumnsConfig,
) => AsyncIterable<Example | Rejected>;

/** Reads the ids and labels of a shard of a labeled set, in the order of its pieces. */
export type LabelReader = (
  store: ObjectStore,
  shard: Shard,
  config: ColumnsConfig,
) => AsyncIterable<LabelOnly | Rejected>;

/**
 * Makes the files of a set that hold these examples, all with or all without a label. The same
 * examples give the same bytes.
 *
 * @param name Name of the file, without extension, if the format takes one file for all examples.
 */
export type FormatWriter = (
  examples: readonly Example[],
  name: string,
  config: ColumnsConfig,
) => Promise<DataFile[]>;

/** A file of a set. */
export interface DataFile {
  /** Path below the folder of the set. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Divides objects into pieces of at most about `limitBytes`, in the order of the objects. */
export type FormatCutter = (
  store: ObjectStore,
  objects: AsyncIterable<ObjectInfo>,
  limitBytes: number,
  data: ColumnsConfig['data'],
) => AsyncIterable<SizedPiece>;

/** A piece, and the size of the data in it. */
export interface SizedPiece {
  readonly piece: Piece;
  readonly sizeBytes: number;
  /** Names of the file's columns, if it is a table with rows. */
  readonly columns?: readonly string[];
  /** Columns of a table that rows cannot have. */
  readonly unread?: readonly UnreadColumn[];
}

/**
 * Reads the columns of a table from one of its files, in their order, with the values of some rows.
 * A format that only has texts gives no values.
 * @returns undefined if the file has no rows.
 */
export type ColumnSampler = (
  store: ObjectStore,
  object: ObjectInfo,
  data: ColumnsConfig['data'],
) => Promise<readonly ColumnSample[] | undefined>;

/** Facts about a format with one example per file, and one folder per class. */
export const filePerExample = {
  readGets: 1,
  cutGets: 0,
  isDivisible: false,
  examplesPerPiece: 1,
  idsFromKeys: true,
  foldersAreClasses: true,
} as const;
