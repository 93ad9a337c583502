/** Row type of the table of kinds of features, and the types that its methods exchange. */
import { z } from 'zod';
import type { TableColumns } from '../columns.ts';
import type { Content, Example, Rejected } from '../example.ts';
import type { Random } from '../random.ts';
import type { ValueType } from '../value-type.ts';
import type { AugmentConfig } from './augment-config.ts';
import type { ColumnsReport } from './column-report.ts';
import type { Preview, PreviewSize } from './preview.ts';
import type { Cell } from './row-values.ts';

/** Maximum number of classes of a task: each example has a probability per class. */
export const maxClasses = 100_000;

/** The field `task.classes`. */
export const classesSchema = z
  .union([z.string().min(1), z.array(z.union([z.string(), z.number()])).min(2)])
  .describe('The class names, or the JSON file that lists them; a class is an index in the list.');

/** The field `task.multiLabel`. */
export const multiLabelSchema = z
  .boolean()
  .optional()
  .describe(
    'true: an example has any number of the classes, and its label is a list. Default: exactly one.',
  );

/** The part of a task's schema that every kind has. */
type TaskSchema = z.ZodObject<{
  type: z.ZodLiteral<string>;
  classes: typeof classesSchema;
  multiLabel: typeof multiLabelSchema;
}>;

/** The part of a schema of features that every kind has. */
type FeaturesSchema = z.ZodObject<{ kind: z.ZodLiteral<string> }>;

/**
 * A kind of features: a task, the content of its examples, and the numbers that a model reads.
 *
 * Its methods only take values of its own kind. Features and contents have the name of the kind in
 * their field `kind`.
 */
export interface Kind<
  Name extends string,
  Task extends TaskSchema,
  Features extends FeaturesSchema,
  Field extends string = never,
> {
  /** A noun: "image". */
  readonly name: Name;
  /** The type of task: `task.type` in the config. */
  readonly task: z.output<Task>['type'];
  readonly taskSchema: Task;
  readonly featuresSchema: Features;
  /** Bytes of one number of a decoded example: 1 for a `Uint8Array`, 4 for a `Float32Array`. */
  readonly bytesPerNumber: 1 | 4;
  /** Whether the features have one scale, so that a penalty on weights treats all of them alike. */
  readonly isScaled: boolean;
  /**
   * Column of a table that holds the content. Without it, and without `cells`, every column is
   * content.
   */
  readonly column?: ContentColumn<Field>;
  /** Columns of a table that the task names and that make up the content together. */
  readonly cells?: ContentCells<z.output<Task>>;

  /**
   * Returns the shape of one example's features, without the batch dimension; [] for a text, which
   * is one string.
   */
  shape(features: z.output<Features>): number[];
  /**
   * Estimates the size of a decoded example, in bytes, if the sizes of examples differ. Default:
   * all examples have the same size, by their shape.
   */
  estimatedBytes?(features: z.output<Features>): number;
  /**
   * Fits the features on the labeled set, in one pass and with constant memory. Reads all examples,
   * because the caller checks them on the way.
   * @param report Receives the description of the columns if every column is content.
   * @throws UserError if no example is usable, or the examples do not fit the task.
   */
  fit(
    task: z.output<Task>,
    columns: TableColumns,
    examples: AsyncIterable<Example | Rejected>,
    report?: (columns: ColumnsReport) => void,
  ): Promise<z.output<Features>>;
  createEncoder(features: z.output<Features>): Encoder;
  /**
   * Returns the fields of a task with these features, to read files for a model.
   * @param columns Columns of the content. Default: the usual ones, or those of the features.
   */
  taskOf(
    features: z.output<Features>,
    columns: readonly string[] | undefined,
  ): Omit<z.input<Task>, 'type' | 'classes' | 'multiLabel'>;
  /** Default: features are copied as they are. */
  createAugmenter?(features: z.output<Features>, config: AugmentConfig): Augmenter;
  /** Returns a field of `augment` that has no meaning for the task. Default: none has. */
  refuseAugment?(task: z.output<Task>, config: AugmentConfig): AugmentRefusal | undefined;
  /** Name, in messages, for the content that equal examples share. */
  readonly sameness: 'bytes' | 'values';
  /**
   * Creates a function that returns an example's identity, as bytes or as a text. Equal examples
   * have equal identities; ids and labels do not count.
   */
  createIdentity(features: z.output<Features>): (content: Content) => Uint8Array | string;
  /**
   * Makes a preview of an example for people; undefined if there is nothing to see. Default:
   * examples have none.
   */
  preview?(content: Content, size: PreviewSize): Promise<Preview | undefined>;
  /** Returns the size of an example before it is decoded, in bytes; 0 if it is negligible. */
  encodedBytes(content: Content): number;
  /**
   * Starts to find the fields of the task from examples, for `init`.
   * @param target The column of the class, in a table.
   * @param columns The other columns of a table. Default: no text means "missing".
   */
  surveyTask(
    target: string,
    columns?: TableColumns,
  ): TaskSurvey<Omit<z.input<Task>, 'type' | 'classes' | 'multiLabel'>>;
}

/** A column of a table that holds the content of an example. */
export interface ContentColumn<Field extends string> {
  /** Field of the config section `data` that names the column. */
  readonly field: Field;
  readonly schema: z.ZodDefault<z.ZodString>;
  /** Type of the column when a table is written. */
  readonly type: 'bytes' | 'floats';
  /** Expected values, for error messages: "expected the bytes of a file". */
  readonly expected: string;
  /** Sentence on how to convert a column of another type. */
  readonly advice: string;
  /** Returns whether a column of this type can hold content of this kind. */
  accepts(type: ValueType): boolean;
  /** Returns whether a column of a type that it accepts looks like content, for `init`. */
  recognizes(sample: ColumnSample): boolean;
  /**
   * Converts a value of the column.
   * @returns the content, or what is wrong with the value: "has only the path 'a.png'".
   */
  read(value: unknown): Content | string;
  /** Converts content to a value of the column. */
  write(content: Content): Uint8Array | Float32Array;
}

/** Columns of single values that the task names, and that make up the content of an example. */
export interface ContentCells<Task> {
  /** Field of the config that names the columns: "task.text". */
  readonly field: string;
  /** Sentence on how to write the content into a table. */
  readonly advice: string;
  /** Returns the names of the columns, in the order of the content. */
  names(task: Task): readonly string[];
  /**
   * Makes content of one cell per column.
   * @param missing Texts that mean "missing".
   * @returns the content, or a sentence on why there is none.
   */
  read(cells: readonly Cell[], missing: ReadonlySet<string>): Content | string;
  /** Returns cells, one per column, from which `read` makes the same content. */
  write(content: Content, columns: number): Cell[];
  /** Returns whether a column looks like content, for `init`. */
  recognizes(sample: ColumnSample): boolean;
}

/** A column with some of its values, as `init` samples it. */
export interface ColumnSample {
  readonly name: string;
  readonly type: ValueType;
  /** The values of the first rows; null or undefined is missing. */
  readonly values: readonly unknown[];
  /** Names of the classes, if the file has them for this column. */
  readonly classNames?: readonly string[] | undefined;
  /** Whether the file marks the column as the index of its rows. */
  readonly isIndex?: boolean;
  /** Whether the column is in the names of folders. */
  readonly isFolder?: boolean;
  /** Why rows cannot have the column. */
  readonly unread?: string | undefined;
}

/** Finds the fields of a task from examples. */
export interface TaskSurvey<Fields> {
  add(content: Content): Promise<void>;
  /** Returns the fields found so far; without examples, a guess that is enough to read some. */
  fields(): Fields;
  /**
   * Describes the columns if every column is content.
   * @throws UserError if the numbers of a column can be read in two ways.
   */
  columns?(): ColumnsReport;
}

/**
 * Pixels, [height, width, channels], for images; UTF-8, [bytes], for texts; otherwise the features,
 * [length].
 */
export type Decoded = Uint8Array | Float32Array;

/**
 * Converts examples to what models of `Features` read, in two steps, so that augmentation fits
 * between them.
 */
export interface Encoder {
  /** Decodes an example; returns pixels, features or a text, or why the example cannot be used. */
  decode(example: Example): Promise<Decoded | Rejected>;
  /**
   * Writes a decoded example, normalized, into `target` from `offset` on. Default: models read
   * decoded examples as texts.
   */
  normalize?(decoded: Decoded, target: Float32Array, offset: number): void;
}

/** Examples as a model reads them: numbers, or texts if the examples have no fixed shape. */
export type Rows = NumberRows | TextRows;

/** n examples of one shape. */
export interface NumberRows {
  readonly n: number;
  /** Row-major, [n, ...featureShape], normalized. */
  readonly values: Float32Array;
}

/** n texts, normalized. */
export interface TextRows {
  readonly n: number;
  /** [n] */
  readonly texts: readonly string[];
}

/** Returns whether an example was decoded rather than rejected. */
export function isDecoded(decoded: Decoded | Rejected): decoded is Decoded {
  return ArrayBuffer.isView(decoded);
}

/** Normalizes decoded examples of one length, or converts decoded texts. */
export function rowsOf(encoder: Encoder, decoded: readonly Decoded[]): Rows {
  const n = decoded.length;
  if (!encoder.normalize) return { n, texts: decoded.map(decodedText) };
  const length = decoded[0]?.length ?? 0;
  const values = new Float32Array(n * length);
  for (const [row, example] of decoded.entries()) {
    encoder.normalize(example, values, row * length);
  }
  return { n, values };
}

/** Returns a decoded text as a string. */
export function decodedText({ buffer, byteOffset, byteLength }: Decoded): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
}

/**
 * Returns the numbers of rows, [n, ...featureShape].
 * @throws Error if the rows are texts, which the plan never gives to a model of numbers.
 */
export function numbersOf(rows: Rows): Float32Array {
  if ('values' in rows) return rows.values;
  throw new Error('the model reads numbers, and its examples are texts');
}

/**
 * Returns the texts of rows, [n].
 * @throws Error if the rows are numbers, which the plan never gives to a model of texts.
 */
export function textsOf(rows: Rows): readonly string[] {
  if ('texts' in rows) return rows.texts;
  throw new Error('the model reads texts, and its examples are numbers');
}

/** A field of `augment` that has no meaning for a task. */
export interface AugmentRefusal {
  readonly path: readonly string[];
  /** Text after "expected". */
  readonly expected: string;
}

/** Augments and normalizes decoded examples. */
export interface Augmenter {
  /** Whether `write` draws random numbers. */
  readonly isRandom: boolean;
  /** Whether `write` changes every pixel, which takes long. Default: no. */
  readonly isSlow?: boolean;
  /**
   * Writes one example, augmented and normalized, into `target` from `offset` on.
   * @param decoded The pixels, [height, width, channels], or the features, from `start` on.
   * @param random The only source of chance: the same numbers give the same result.
   */
  write(
    decoded: Decoded,
    start: number,
    target: Float32Array,
    offset: number,
    random: Random,
  ): void;
}

/** Returns the rejection of an example of another kind. */
export function wrongKind({ id, content }: Example, expected: string): Rejected {
  return { id, reason: `It is of the kind '${content.kind}'; expected ${expected}.` };
}

/** Writes features that need no normalization. */
export function copyDecoded(decoded: Decoded, target: Float32Array, offset: number): void {
  target.set(decoded, offset);
}
