/** Conversion of examples, of files or of a program, to the input of a student. */
import { z } from 'zod';
import { product } from '../arrays.ts';
import { decodedBatches } from '../data/decoded-batches.ts';
import { type Content, type Example, isRejected, type Rejected } from '../data/example.ts';
import {
  createEncoder,
  encoderIn,
  type Features,
  featureShape,
  kindOf,
} from '../data/features/index.ts';
import { type Decoded, isDecoded, type Rows, rowsOf } from '../data/features/kind.ts';
import { row } from '../data/features/row.ts';
import { textKind } from '../data/features/text.ts';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { batchSizeFor } from './batch-size.ts';
import { embedChunks } from './encoders/embed-chunks.ts';
import { encoderFile } from './encoders/encoder.ts';
import { exampleContent } from './encoders/example-content.ts';
import { encoderFolder } from './model-files.ts';
import type { StudentDescription } from './student-description.ts';

/**
 * An example as a program has it:
 *
 * - an image: the bytes of a JPEG, PNG or WebP file, or `{ pixels }`: row-major bytes,
 *   [height, width, channels], of the size that the student reads;
 * - a row of a table: an object with a value per column; null is missing;
 * - a vector: a list of numbers;
 * - a text: a string.
 */
export type StudentExample =
  | Uint8Array
  | { readonly pixels: Uint8Array | Uint8ClampedArray }
  | Readonly<Record<string, string | number | null>>
  | Float32Array
  | readonly number[]
  | string;

/** Pixels as a program has them, in place of the file of an image. */
interface Pixels {
  readonly id: string;
  readonly pixels: Uint8Array;
}

/** An example of a file or of a program, or why it cannot be used. */
export type InputItem = (Example | Rejected | Pixels) & Located;

/** A file and row, if the id does not show them. */
interface Located {
  readonly location?: string;
}

/** An example that a student cannot use. */
export type UnusableInput = Rejected & Located;

/** Examples that a student reads at once. */
export interface StudentBatch {
  /** [n] */
  readonly ids: readonly string[];
  readonly rows: Rows;
}

/** Converts examples to the input of a student. */
export interface StudentInput {
  /** Yields the usable examples in batches; decodes them as in the student's training. */
  batches(
    items: AsyncIterable<InputItem>,
    onRejected: (rejected: UnusableInput) => void,
  ): AsyncGenerator<StudentBatch>;
  /** Frees the native memory. */
  dispose(): void;
}

/**
 * Opens the conversion for a student, with its encoder if it has one.
 *
 * @param store The folder of the student.
 * @throws UserError if the files of the encoder are missing or damaged.
 */
export async function openStudentInput(
  store: ObjectStore,
  { features, examples }: StudentDescription,
): Promise<StudentInput> {
  if (encoderIn(features) === undefined) return featuresInput(features);
  if (examples && (await store.head(`${encoderFolder}${encoderFile}`))) {
    return encoderInput(store, examples);
  }
  throw new UserError(
    `${store.location} has a head without the files of its encoder`,
    'Give the folder of a student of the run; the folders of its baselines have no encoder.',
  );
}

interface DecodedItem {
  readonly id: string;
  readonly decoded: Decoded;
}

function featuresInput(features: Features): StudentInput {
  const encoder = createEncoder(features);
  const batchSize = batchSizeFor(featureShape(features));
  const decode = async (item: InputItem): Promise<DecodedItem | Rejected> => {
    if (isRejected(item)) return item;
    const decoded =
      'pixels' in item ? checkPixels(item, featureShape(features)) : await encoder.decode(item);
    return isDecoded(decoded) ? { id: item.id, decoded } : { ...decoded, ...locationOf(item) };
  };
  return {
    async *batches(items, onRejected) {
      const options = { batchSize, room: batchSize, decode };
      for await (const batch of decodedBatches(items, options, onRejected)) {
        yield {
          ids: batch.map(({ id }) => id),
          rows: rowsOf(
            encoder,
            batch.map(({ decoded }) => decoded),
          ),
        };
      }
    },
    dispose: () => {},
  };
}

function locationOf({ location }: Located): Located {
  return location === undefined ? {} : { location };
}

/** Returns pixels that have the size that a student reads. */
function checkPixels({ id, pixels }: Pixels, shape: readonly number[]): Decoded | Rejected {
  if (pixels.length === product(shape)) return pixels;
  const found = `${pixels.length} values`;
  return { id, reason: `Its pixels are ${found}; expected ${shape.join(' × ')}.` };
}

/** @param features Features of the examples that the encoder reads. */
async function encoderInput(store: ObjectStore, features: Features): Promise<StudentInput> {
  const { openEncoder } = await import('./encoders/open-encoder.ts');
  const encoder = await openEncoder(store, encoderFolder);
  const prepare = exampleContent(features);
  const decode = async (item: InputItem): Promise<(Example & Located) | Rejected> => {
    if (isRejected(item)) return item;
    if ('pixels' in item) return wrongExample(item.id, features);
    return { ...(await prepare(item)), ...locationOf(item) };
  };
  return {
    async *batches(items, onRejected) {
      const options = { batchSize: encoder.chunk, room: encoder.chunk, decode };
      const chunks = decodedBatches(items, options, onRejected);
      for await (const { examples, embeddings, rejected } of embedChunks(encoder, chunks)) {
        for (const [row, lost] of rejected) onRejected({ ...lost, ...locationOf(examples[row]!) });
        const usable = [...examples.keys()].filter((row) => !rejected.has(row));
        if (usable.length === 0) continue;
        const values = new Float32Array(usable.length * encoder.dimension);
        for (const [at, row] of usable.entries()) {
          const from = row * encoder.dimension;
          values.set(embeddings.subarray(from, from + encoder.dimension), at * encoder.dimension);
        }
        yield { ids: usable.map((row) => examples[row]!.id), rows: { n: usable.length, values } };
      }
    },
    dispose: () => encoder.dispose(),
  };
}

/**
 * Converts a program's examples to items; their ids are their indexes, from 0.
 * @param features Features of the examples.
 */
export async function* itemsOf(
  examples: Iterable<StudentExample> | AsyncIterable<StudentExample>,
  features: Features,
): AsyncGenerator<InputItem> {
  let index = 0;
  for await (const example of examples) yield itemOf(String(index++), example, features);
}

function itemOf(id: string, example: StudentExample | null, features: Features): InputItem {
  if (example === null) return wrongExample(id, features);
  const pixels = pixelsOf(example);
  if (pixels !== undefined && kindOf(features).column) return { id, pixels };
  const content = contentOf(example, features);
  return content === undefined ? wrongExample(id, features) : { id, label: undefined, content };
}

/** Returns pixels of bytes; undefined for others, which a conversion would cut to integers. */
function pixelsOf(example: StudentExample): Uint8Array | undefined {
  if (typeof example !== 'object' || !('pixels' in example)) return undefined;
  const { pixels } = example;
  const isBytes = pixels instanceof Uint8Array || pixels instanceof Uint8ClampedArray;
  return isBytes ? new Uint8Array(pixels) : undefined;
}

/** Returns the content of an example, or undefined if it is of another kind. */
function contentOf(example: StudentExample, features: Features): Content | undefined {
  const { column, cells } = kindOf(features);
  const value = example instanceof Float32Array ? [...example] : example;
  // A kind without a column reads a text, or all columns of a row.
  const content = column ? column.read(value) : cells ? textOf(example) : rowOf(example);
  return typeof content === 'object' ? content : undefined;
}

function wrongExample(id: string, features: Features): Rejected {
  const { name } = kindOf(features);
  return { id, reason: `The student reads examples of the kind '${name}', and this is not one.` };
}

function textOf(example: StudentExample): Content | undefined {
  return typeof example === 'string' ? { kind: textKind.name, text: example } : undefined;
}

function rowOf(example: StudentExample): Content | undefined {
  if (Array.isArray(example) || ArrayBuffer.isView(example)) return undefined;
  const parsed = columnsSchema.safeParse(example);
  return parsed.success ? { kind: row.name, columns: parsed.data } : undefined;
}

const columnsSchema = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));
