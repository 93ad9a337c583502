/** Compares one student in Node, and prepares its folder for the other runtimes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatenate } from '../../src/arrays.ts';
import type { Example } from '../../src/data/example.ts';
import { isRejected } from '../../src/data/example.ts';
import { createEncoder, featureShape } from '../../src/data/features/index.ts';
import { isDecoded, numbersOf } from '../../src/data/features/kind.ts';
import type { PretrainedEncoder } from '../../src/models/encoders/encoder.ts';
import { exampleContent } from '../../src/models/encoders/example-content.ts';
import { outputName } from '../../src/models/exports/operations.ts';
import { type RawExample, rawFeeds } from '../../src/models/exports/raw-feeds.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import { itemsOf } from '../../src/models/student-input.ts';
import type { InputTensor, LoadedModel } from '../../src/models/teachers/loaded-model.ts';
import { loadOnnx } from '../../src/models/teachers/onnx.ts';
import type { Comparison } from './plans.ts';
import { classes, makeStudent, rowsOfExamples } from './students.ts';

/** A student that was compared in Node. */
export interface Compared {
  readonly name: string;
  readonly folder: string;
  /** Probabilities of `loadStudent`, [n, classes]. */
  readonly expected: Float32Array;
  /** Indexes of the examples in `examples.json`, which the card's program reads. */
  readonly forCard: readonly number[];
  /** Inputs of the exported files, described for Python; none for students with an encoder. */
  readonly feeds: readonly PythonFeed[];
  /** Shape of `features.bin`, for browsers; absent for n-grams. */
  readonly shape?: readonly number[];
  /** Largest difference of the ONNX file in Node. */
  readonly onnx?: number;
}

interface PythonFeed {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly file: string;
}

/** Returns the largest difference of two lists; Infinity if they have other lengths or NaN. */
export function largest(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let index = 0; index < found.length; index++) {
    const difference = Math.abs(found[index]! - expected[index]!);
    most = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference);
  }
  return most;
}

/** Makes a student in a new folder, and compares it. */
export async function compareInNode(comparison: Comparison, folder: string): Promise<Compared> {
  const { name, features, raw, network } = comparison;
  mkdirSync(folder);
  const examples: Example[] = [];
  for await (const item of itemsOf(raw.examples, features)) {
    if (isRejected(item) || 'pixels' in item) throw new Error(`${name}: ${JSON.stringify(item)}`);
    examples.push(item);
  }
  const encoder = await makeStudent(folder, comparison, examples);
  const expected = await predicted(folder, comparison);
  const forCard = writeExamples(folder, comparison, encoder !== undefined);
  const common = { name, folder, expected, forCard };
  if (network.architecture === 'ngrams') return { ...common, feeds: [] };
  if (encoder) {
    try {
      return {
        ...common,
        feeds: [],
        ...(await compareEncoder(folder, common, encoder, comparison, examples)),
      };
    } finally {
      encoder.dispose();
    }
  }
  const decoder = createEncoder(features);
  const decoded = await Promise.all(
    examples.map(async (example): Promise<RawExample> => {
      const one = await decoder.decode(example);
      if (!isDecoded(one)) throw new Error(`${name}: ${one.reason}`);
      return { content: example.content, decoded: one };
    }),
  );
  const model = await loadOnnx(join(folder, 'model.onnx'), 'a model');
  const outputs: Float32Array[] = [];
  for (let start = 0; start < decoded.length; start += 100) {
    outputs.push(await run(model, rawFeeds(features, decoded.slice(start, start + 100))));
  }
  model.dispose();
  writeNumbers(folder, numbersOf(await rowsOfExamples(features, examples)));
  return {
    ...common,
    feeds: rawFeeds(features, decoded).map((feed, index) => writeFeed(folder, feed, index)),
    shape: [examples.length, ...featureShape(features)],
    onnx: largest(concatenate(outputs), expected),
  };
}

/** Predicts with `loadStudent`. @throws Error if the answers hardly differ and prove nothing. */
async function predicted(folder: string, { name, raw }: Comparison): Promise<Float32Array> {
  const student = await loadStudent(folder);
  const answers = await student.predict(raw.examples);
  student.dispose();
  const expected = concatenate(answers.map(({ probabilities }) => probabilities));
  const first = expected.filter((_, index) => index % classes.length === 0);
  const mean = first.reduce((sum, value) => sum + value, 0) / first.length;
  const variance = first.reduce((sum, value) => sum + (value - mean) ** 2, 0) / first.length;
  if (!(Math.sqrt(variance) > 1e-3 && mean > 1e-4 && mean < 1 - 1e-4)) {
    throw new Error(`${name}: probabilities ${mean} ± ${Math.sqrt(variance)} prove nothing`);
  }
  return expected;
}

/** Writes the examples that `predict` of the card gets. @returns their indexes. */
function writeExamples(
  folder: string,
  { features, raw }: Comparison,
  hasEncoder: boolean,
): number[] {
  const isExact = features.kind !== 'image' || features.pixels !== undefined || hasEncoder;
  // Without `task.preprocess`, libvips resizes, and Pillow's pixels differ.
  const indexes = [...raw.examples.keys()].filter((row) => isExact || raw.images![row]!.isSized);
  const values = indexes.map((row) => {
    const image = raw.images?.[row];
    if (!image) return raw.examples[row];
    const file = join(folder, `${row}.${image.extension}`);
    writeFileSync(file, image.bytes);
    return file;
  });
  writeFileSync(join(folder, 'examples.json'), JSON.stringify(values));
  return indexes;
}

function writeNumbers(folder: string, values: Float32Array): void {
  const { buffer, byteOffset, byteLength } = values;
  writeFileSync(join(folder, 'features.bin'), new Uint8Array(buffer, byteOffset, byteLength));
}

function writeFeed(
  folder: string,
  { name, shape, values }: InputTensor,
  index: number,
): PythonFeed {
  const file = join(folder, `feed-${index}`);
  if (Array.isArray(values)) {
    writeFileSync(file, JSON.stringify(values));
    return { name, shape, file, dtype: 'string' };
  }
  // Raw feeds have no other types.
  const numbers = values as Uint8Array | Float32Array | Float64Array;
  writeFileSync(file, new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  const dtypes = { 1: 'uint8', 4: 'float32', 8: 'float64' };
  return { name, shape, file, dtype: dtypes[numbers.BYTES_PER_ELEMENT as keyof typeof dtypes] };
}

async function run(model: LoadedModel, feeds: readonly InputTensor[]): Promise<Float32Array> {
  const [output] = await model.run(feeds, [outputName]);
  return output!.values;
}

/** Runs the file of an encoder with its head on the encoder's inputs. */
async function compareEncoder(
  folder: string,
  { expected }: Pick<Compared, 'expected'>,
  encoder: PretrainedEncoder,
  { features }: Comparison,
  examples: readonly Example[],
): Promise<Pick<Compared, 'shape' | 'onnx'>> {
  const prepare = exampleContent(features);
  const contents: Example[] = [];
  for (const example of examples) {
    const content = await prepare(example);
    if (isRejected(content)) throw new Error(content.reason);
    contents.push(content);
  }
  const found = new Float32Array(expected.length);
  const embeddings = new Float32Array(examples.length * encoder.dimension);
  const model = await loadOnnx(join(folder, 'model.onnx'), 'a model');
  const notes = { rejected: new Map(), truncated: 0 };
  for await (const { feeds, rows, pooled } of encoder.batches(contents, notes)) {
    const probabilities = await run(model, feeds);
    for (const [at, row] of rows.entries()) {
      const take = (values: Float32Array, size: number) =>
        values.subarray(at * size, (at + 1) * size);
      found.set(take(probabilities, classes.length), row * classes.length);
      embeddings.set(take(pooled, encoder.dimension), row * encoder.dimension);
    }
  }
  model.dispose();
  writeNumbers(folder, embeddings);
  return { shape: [examples.length, encoder.dimension], onnx: largest(found, expected) };
}
