/** Loads a student into a program that uses it: examples in, classes out. */
import { z } from 'zod';
import { product } from '../arrays.ts';
import { decodedBatches } from '../data/decoded-batches.ts';
import type { Content, Rejected } from '../data/example.ts';
import { createEncoder, type Features, featureShape, kindOf } from '../data/features/index.ts';
import { type Decoded, type Encoder, rowsOf } from '../data/features/kind.ts';
import { row } from '../data/features/row.ts';
import { textKind } from '../data/features/text.ts';
import { predictions } from '../debias/margin.ts';
import { UserError } from '../errors.ts';
import { openStore } from '../store/open.ts';
import { batchSizeFor } from './batch-size.ts';
import { readModelFiles } from './model-files.ts';

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

/** The student's answer for one example. */
export interface StudentPrediction {
  /** Name of the most likely class; of tied classes, the first. */
  readonly class: string;
  /** Probability per class, in the order of `classes`; they sum to 1. */
  readonly probabilities: Float32Array;
}

/** A student in memory. */
export interface LoadedStudent {
  /** Class names. */
  readonly classes: readonly string[];
  /**
   * Predicts examples in batches; decodes and normalizes them as in the student's training.
   * @returns one prediction per example, in their order.
   * @throws UserError if an example cannot be used: its index, and the reason.
   */
  predict(
    examples: Iterable<StudentExample> | AsyncIterable<StudentExample>,
  ): Promise<StudentPrediction[]>;
  /** Frees the native memory. */
  dispose(): void;
}

/**
 * Loads a student, with TensorFlow if it needs that.
 *
 * @param folder The student's folder: a path, a `file:` URL or s3://bucket/prefix.
 * @throws UserError if the folder does not hold a student.
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { loadStudent } from 'counterweight';
 *
 * const student = await loadStudent('results/runs/digits-1/students/relabel');
 * const [prediction] = await student.predict([await readFile('seven.png')]);
 * console.log(prediction?.class, prediction?.probabilities);
 * student.dispose();
 */
export async function loadStudent(folder: string): Promise<LoadedStudent> {
  const store = await openStore(folder);
  const files = await readModelFiles(store, '');
  const { loadModel } = await import('./student.ts');
  const student = await loadModel(files).catch((error: Error) => {
    throw new UserError(
      `${store.location} does not hold a student: ${error.message}`,
      'Give the folder with student.json and the other files of the student, unchanged.',
    );
  });
  const { classes, features } = student.description;
  const encoder = createEncoder(features);
  const batchSize = batchSizeFor(featureShape(features));
  return {
    classes,
    async predict(examples) {
      const answers: StudentPrediction[] = [];
      const rejected: Rejected[] = [];
      const options = { batchSize, room: batchSize, decode: decoder(encoder, features) };
      for await (const batch of decodedBatches(numbered(examples), options, rejected)) {
        refuse(rejected);
        const probabilities = student.predict(rowsOf(encoder, batch));
        for (let start = 0; start < probabilities.length; start += classes.length) {
          answers.push(predictionOf(probabilities.slice(start, start + classes.length), classes));
        }
      }
      refuse(rejected);
      return answers;
    },
    dispose: () => student.dispose(),
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
  const { name, column, cells } = kindOf(features);
  const shape = featureShape(features);
  return async ({ id, example }: Numbered): Promise<Decoded | Rejected> => {
    if (
      column &&
      typeof example === 'object' &&
      'pixels' in example &&
      ArrayBuffer.isView(example.pixels)
    ) {
      if (example.pixels.length === product(shape)) return new Uint8Array(example.pixels);
      const found = `${example.pixels.length} values`;
      return { id, reason: `Its pixels are ${found}; expected ${shape.join(' × ')}.` };
    }
    const value = example instanceof Float32Array ? [...example] : example;
    // A kind without a column reads a text, or all columns of a row.
    const content = column ? column.read(value) : cells ? textOf(example) : rowOf(example);
    if (typeof content === 'object') return encoder.decode({ id, label: undefined, content });
    return { id, reason: `The student reads examples of the kind '${name}', and this is not one.` };
  };
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

/** @throws UserError if an example was rejected. */
function refuse(rejected: readonly Rejected[]): void {
  const [first] = rejected;
  if (!first) return;
  throw new UserError(
    `example ${first.id} cannot be used: ${first.reason}`,
    'Leave it out; examples are counted from 0.',
  );
}

function predictionOf(probabilities: Float32Array, classes: readonly string[]): StudentPrediction {
  const [best] = predictions(probabilities, classes.length);
  return { class: classes[best!]!, probabilities };
}
