/**
 * A model in the bucket: a folder with `model.json` and `weights.bin`, a tfjs LayersModel that gives
 * the probabilities of the classes (so any TensorFlow.js program can load it), and `student.json`,
 * which says what its outputs mean and how an example becomes its input.
 *
 * The same model gives the same bytes.
 */

import { z } from 'zod';
import { product, sum } from '../arrays.ts';
import { featuresSchema } from '../data/features/index.ts';
import { toJson } from '../store/once.ts';
import { tf, type tfTypes } from '../tensorflow.ts';
import { batchSizeFor } from './batch-size.ts';
import {
  classSumsWeight,
  inputShapeOf,
  modelFrom,
  topologyOf,
  topologySchema,
  withClassSums,
  withOutputActivation,
} from './topology.ts';

const studentSchema = z.strictObject({
  /** Class names; a class is its place in the list. */
  classes: z.array(z.string()),
  features: featuresSchema,
  /** Into how many subclasses each class was split for the training; absent where it was not. */
  subclasses: z.int().optional(),
  /** The program and its version. */
  createdBy: z.string(),
});
export type StudentDescription = z.infer<typeof studentSchema>;

const weightSchema = z.looseObject({
  name: z.string(),
  shape: z.array(z.int().nonnegative()),
  dtype: z.literal('float32'),
});

const modelSchema = z.looseObject({
  format: z.literal('layers-model'),
  modelTopology: topologySchema,
  weightsManifest: z.tuple([
    z.looseObject({ paths: z.tuple([z.literal('weights.bin')]), weights: z.array(weightSchema) }),
  ]),
});

export interface Student {
  readonly description: StudentDescription;
  /**
   * Gives logits, [n, classes]: what a training goes on from. A student of subclasses, which no
   * training goes on from, gives probabilities.
   */
  readonly model: tfTypes.LayersModel;
  /**
   * @param values features, [n, ...featureShape], row by row.
   * @returns probabilities, [n, classes], row by row.
   */
  predict(values: Float32Array, n: number): Float32Array;
  /** Frees the native memory. */
  dispose(): void;
}

/**
 * The files of a model that gives logits, of the classes or of all their subclasses, by their names in
 * the folder.
 */
export function saveModel(
  model: tfTypes.LayersModel,
  description: StudentDescription,
): Map<string, Uint8Array> {
  const { classes, subclasses } = description;
  const weights = model.weights.map((weight) => ({
    name: weight.originalName,
    shape: weight.shape,
    values: weight.read().dataSync<'float32'>(),
  }));
  let topology = withOutputActivation(topologyOf(model), 'softmax');
  if (subclasses !== undefined) {
    topology = withClassSums(topology, classes.length);
    weights.push(classSumsWeight(classes.length, subclasses));
  }
  const specs = weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  const json = {
    format: 'layers-model',
    generatedBy: description.createdBy,
    convertedBy: null,
    modelTopology: topology,
    weightsManifest: [{ paths: ['weights.bin'], weights: specs }],
  };
  return new Map<string, Uint8Array>([
    ['model.json', toJson(json)],
    ['weights.bin', bytesOf(weights.map(({ values }) => values))],
    ['student.json', toJson(studentSchema.parse(description))],
  ]);
}

/** Float32, little-endian as every platform is that tfjs-node runs on, one weight after another. */
function bytesOf(weights: readonly Float32Array[]): Uint8Array {
  return Buffer.concat(
    weights.map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    ),
  );
}

/**
 * Opens the files that `saveModel` gave.
 * @throws Error when a file is missing or is not what `saveModel` writes.
 */
export async function loadModel(files: ReadonlyMap<string, Uint8Array>): Promise<Student> {
  const description = studentSchema.parse(parseJson(files, 'student.json'));
  const { modelTopology, weightsManifest } = modelSchema.parse(parseJson(files, 'model.json'));
  const isSplit = description.subclasses !== undefined;
  const model = await modelFrom(
    isSplit ? modelTopology : withOutputActivation(modelTopology, 'linear'),
  );
  setWeights(model, weightsManifest[0].weights, file(files, 'weights.bin'));
  return {
    description,
    model,
    predict: isSplit
      ? (values, n) => runModel(model, values, n, (probabilities) => probabilities)
      : (values, n) => predictProbabilities(model, values, n),
    dispose: () => model.dispose(),
  };
}

function setWeights(
  model: tfTypes.LayersModel,
  specs: readonly z.infer<typeof weightSchema>[],
  bytes: Uint8Array,
): void {
  const count = sum(specs.map(({ shape }) => product(shape)));
  if (bytes.byteLength !== 4 * count) {
    throw new Error(`weights.bin has ${bytes.byteLength} bytes; expected ${4 * count}`);
  }
  // Copied, because floats have to start at a multiple of four bytes.
  const values = new Float32Array(new Uint8Array(bytes).buffer);
  const weights = new Map(model.weights.map((weight) => [weight.originalName, weight]));
  let start = 0;
  for (const { name, shape } of specs) {
    const weight = weights.get(name);
    if (!weight || !weights.delete(name)) throw new Error(`model.json has no weight '${name}'`);
    const end = start + tf.util.sizeFromShape(shape);
    tf.tidy(() => {
      weight.write(tf.tensor(values.subarray(start, end), shape));
    });
    start = end;
  }
  for (const name of weights.keys()) throw new Error(`weights.bin lacks the weight '${name}'`);
}

function file(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name);
  if (!bytes) throw new Error(`the model has no file '${name}'`);
  return bytes;
}

function parseJson(files: ReadonlyMap<string, Uint8Array>, name: string): unknown {
  return JSON.parse(Buffer.from(file(files, name)).toString('utf8'));
}

/**
 * What a model that gives logits says of n examples: probabilities, [n, classes], row by row.
 * @param values features, [n, ...featureShape], row by row.
 */
export function predictProbabilities(
  model: tfTypes.LayersModel,
  values: Float32Array,
  n: number,
): Float32Array {
  return runModel(model, values, n, (logits) => tf.softmax(logits));
}

/**
 * What a model makes of n examples, row by row.
 * @param values features, [n, ...featureShape], row by row.
 * @param finish what is made of its output.
 */
export function runModel(
  model: tfTypes.LayersModel,
  values: Float32Array,
  n: number,
  finish: (output: tfTypes.Tensor) => tfTypes.Tensor,
): Float32Array {
  const result = tf.tidy(() => {
    const shape = inputShapeOf(model);
    const input = tf.tensor(values, [n, ...shape]);
    // A model with one output gives one tensor; the type covers models with several.
    return finish(model.predict(input, { batchSize: batchSizeFor(shape) }) as tfTypes.Tensor);
  });
  // Not within tidy: it would look at each of the numbers for tensors to keep.
  const numbers = result.dataSync<'float32'>();
  result.dispose();
  return numbers;
}
