/** Conversion of a program's examples to the input of a student. */
import { z } from 'zod';
import { product } from '../arrays.ts';
import { decodedBatches } from '../data/decoded-batches.ts';
import type { Content, Example, Rejected } from '../data/example.ts';
import {
  createEncoder,
  encoderIn,
  type Features,
  featureShape,
  kindOf,
} from '../data/features/index.ts';
import { type Decoded, type Encoder, type Rows, rowsOf } from '../data/features/kind.ts';
import { row } from '../data/features/row.ts';
import { textKind } from '../data/features/text.ts';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { batchSizeFor } from './batch-size.ts';
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

/** Converts examples to the input of a student. */
export interface StudentInput {
  /**
   * Yields the examples in batches.
   * @param rejected Receives the examples that cannot be used; their ids are their indexes.
   */
  rows(
    examples: Iterable<StudentExample> | AsyncIterable<StudentExample>,
    rejected: Rejected[],
  ): AsyncGenerator<Rows>;
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

function featuresInput(features: Features): StudentInput {
  const encoder = createEncoder(features);
  const batchSize = batchSizeFor(featureShape(features));
  return {
    async *rows(examples, rejected) {
      const options = { batchSize, room: batchSize, decode: decoder(encoder, features) };
      for await (const batch of decodedBatches(numbered(examples), options, rejected)) {
        yield rowsOf(encoder, batch);
      }
    },
    dispose: () => {},
  };
}

/** @param features Features of the examples that the encoder reads. */
async function encoderInput(store: ObjectStore, features: Features): Promise<StudentInput> {
  const { openEncoder } = await import('./encoders/open-encoder.ts');
  const encoder = await openEncoder(store, encoderFolder);
  const prepare = exampleContent(features);
  const decode = async (item: Numbered): Promise<Example | Rejected> => {
    const content = contentOf(item.example, features);
    if (content === undefined) return wrongExample(item, features);
    return prepare({ id: item.id, label: undefined, content });
  };
  return {
    async *rows(examples, rejected) {
      const options = { batchSize: encoder.chunk, room: encoder.chunk, decode };
      for await (const chunk of decodedBatches(numbered(examples), options, rejected)) {
        const { embeddings, rejected: lost } = await encoder.embed(chunk);
        rejected.push(...lost.values());
        yield { n: chunk.length, values: embeddings };
      }
    },
    dispose: () => encoder.dispose(),
  };
}

interface Numbered {
  readonly id: string;
  readonly example: StudentExample;
}

async function* numbered(
  examples: Iterable<StudentExample> | AsyncIterable<StudentExample>,
): AsyncGenerator<Numbered> {
  let index = 0;
  for await (const example of examples) yield { id: String(index++), example };
}

/** Returns a function that decodes an example, or returns the reason why it cannot be used. */
function decoder(encoder: Encoder, features: Features) {
  const shape = featureShape(features);
  return async (item: Numbered): Promise<Decoded | Rejected> => {
    const { id, example } = item;
    if (
      kindOf(features).column &&
      typeof example === 'object' &&
      'pixels' in example &&
      ArrayBuffer.isView(example.pixels)
    ) {
      if (example.pixels.length === product(shape)) return new Uint8Array(example.pixels);
      const found = `${example.pixels.length} values`;
      return { id, reason: `Its pixels are ${found}; expected ${shape.join(' × ')}.` };
    }
    const content = contentOf(example, features);
    if (content === undefined) return wrongExample(item, features);
    return encoder.decode({ id, label: undefined, content });
  };
}

/** Returns the content of an example, or undefined if it is of another kind. */
function contentOf(example: StudentExample, features: Features): Content | undefined {
  const { column, cells } = kindOf(features);
  const value = example instanceof Float32Array ? [...example] : example;
  // A kind without a column reads a text, or all columns of a row.
  const content = column ? column.read(value) : cells ? textOf(example) : rowOf(example);
  return typeof content === 'object' ? content : undefined;
}

function wrongExample({ id }: Numbered, features: Features): Rejected {
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
