/** The files of an `ngrams` model, `ngrams.json` and `ngrams.bin`, as docs/ngrams.md specifies. */
import { z } from 'zod';
import { product } from '../../arrays.ts';
import { toJson } from '../../store/seal.ts';
import { countNumbers, tensorList, tensorShape } from '../tensor-list.ts';
import { type DenseLayer, NgramsModel } from './model.ts';
import { ngramsFile, ngramsWeightsFile } from './names.ts';
import type { NgramsOptions } from './reader.ts';

const tensorSchema = z.strictObject({
  name: z.string(),
  dtype: z.enum(['uint32', 'float32']),
  shape: tensorShape,
});

/** Maxima of the sizes of a model. A stranger's file must not take all memory or time. */
export const ngramsMaxima = {
  buckets: 2 ** 24,
  wordNgrams: 5,
  charNgrams: 10,
  dimension: 1024,
  hidden: 4096,
} as const;

/** Returns whether the lengths of character n-grams are a range, or both 0 for none. */
export function hasLengthRange({
  minChars,
  maxChars,
}: Pick<NgramsOptions, 'minChars' | 'maxChars'>): boolean {
  return maxChars === 0 ? minChars === 0 : minChars > 0 && minChars <= maxChars;
}

/** Error of `hasLengthRange` in a schema. */
export const noLengthRange = {
  path: ['maxChars'],
  message: 'expected minChars ≤ maxChars, or 0 for both',
};

/** Content of `ngrams.json`. */
export const ngramsSchema = z
  .strictObject({
    format: z.literal('counterweight-ngrams-1'),
    hash: z.literal('fnv1a-32'),
    buckets: z.int().positive().max(ngramsMaxima.buckets),
    wordNgrams: z.int().positive().max(ngramsMaxima.wordNgrams),
    minChars: z.int().nonnegative().max(ngramsMaxima.charNgrams),
    maxChars: z.int().nonnegative().max(ngramsMaxima.charNgrams),
    dimension: z.int().positive().max(ngramsMaxima.dimension),
    hidden: z.int().nonnegative().max(ngramsMaxima.hidden),
    /** Outputs per class; 1 unless the model learned subclasses. */
    subclasses: z.int().positive(),
    /** Whether the outputs are logits of single labels; absent for classes. */
    multiLabel: z.literal(true).optional(),
    /** The tensors in `ngrams.bin`, one after another. */
    tensors: tensorList(tensorSchema),
  })
  .refine(hasLengthRange, noLengthRange);
type NgramsJson = z.output<typeof ngramsSchema>;

/** A tensor in the file. */
interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Uint32Array | Float32Array;
}

/** Makes the files of a model. The same model gives the same bytes. */
export function writeNgrams(model: NgramsModel): ReadonlyMap<string, Uint8Array> {
  const tensors = tensorsOf(model);
  const json: z.input<typeof ngramsSchema> = {
    ...{ format: 'counterweight-ngrams-1', hash: 'fnv1a-32' },
    ...model.shape,
    subclasses: model.subclasses,
    ...(model.isMultiLabel && { multiLabel: true }),
    tensors: tensors.map(({ name, shape, values }) => ({
      name,
      dtype: values instanceof Uint32Array ? 'uint32' : 'float32',
      shape: [...shape],
    })),
  };
  const bytes = tensors.map(({ values: { buffer, byteOffset, byteLength } }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  return new Map([
    [ngramsFile, toJson(ngramsSchema.parse(json))],
    [ngramsWeightsFile, Buffer.concat(bytes)],
  ]);
}

/** Lists the tensors: the buckets of the rows, ascending, the rows, and the layers. */
function tensorsOf({ embeddings, layers }: NgramsModel): Tensor[] {
  const { count, dimension } = embeddings;
  const order = Uint32Array.from({ length: count }, (_, row) => row);
  order.sort((a, b) => embeddings.buckets[a]! - embeddings.buckets[b]!);
  const vectors = new Float32Array(count * dimension);
  order.forEach((row, index) => {
    const start = row * dimension;
    vectors.set(embeddings.values.subarray(start, start + dimension), index * dimension);
  });
  return [
    { name: 'buckets', shape: [count], values: order.map((row) => embeddings.buckets[row]!) },
    { name: 'vectors', shape: [count, dimension], values: vectors },
    ...layers.flatMap(({ name, inputs, outputs, kernel, bias }) => [
      { name: `${name}/kernel`, shape: [inputs, outputs], values: kernel },
      { name: `${name}/bias`, shape: [outputs], values: bias },
    ]),
  ];
}

/**
 * Reads the files that `writeNgrams` made.
 * @throws Error if they do not fit together.
 */
export function readNgrams(json: NgramsJson, weights: Uint8Array): NgramsModel {
  const { tensors: listed, subclasses, multiLabel, format: _, hash: __, ...shape } = json;
  const tensors = viewsOf(listed, weights);
  const { dimension, hidden } = shape;
  const rows = findTensor(tensors, 'buckets', [undefined], Uint32Array);
  const count = rows.shape[0]!;
  const vectors = findTensor(tensors, 'vectors', [count, dimension], Float32Array);
  const layers = [
    ...(hidden > 0 ? [layerOf(tensors, 'hidden', dimension, hidden)] : []),
    layerOf(tensors, 'scores', hidden || dimension, undefined),
  ];
  checkBuckets(rows.values, shape.buckets);
  const model = new NgramsModel(shape, layers, {
    subclasses,
    isMultiLabel: multiLabel === true,
  });
  for (const bucket of rows.values) model.embeddings.add(bucket);
  model.embeddings.values.set(vectors.values);
  return model;
}

/** Tensors by name. */
type Tensors = ReadonlyMap<string, Omit<Tensor, 'name'>>;

/** Returns views of the tensors by name. @throws Error if the file has another size. */
function viewsOf(tensors: NgramsJson['tensors'], weights: Uint8Array): Tensors {
  const bytes = 4 * countNumbers(tensors);
  if (weights.byteLength !== bytes) {
    throw new Error(`${ngramsWeightsFile} has ${weights.byteLength} bytes; expected ${bytes}`);
  }
  // Copied, because numbers must start at a multiple of four bytes.
  const memory = new Uint8Array(weights).buffer;
  const found = new Map<string, Omit<Tensor, 'name'>>();
  let start = 0;
  for (const { name, dtype, shape } of tensors) {
    const length = product(shape);
    const values =
      dtype === 'uint32'
        ? new Uint32Array(memory, start, length)
        : new Float32Array(memory, start, length);
    found.set(name, { shape, values });
    start += 4 * length;
  }
  return found;
}

/** @throws Error unless the buckets are in ascending order, without repetitions. */
function checkBuckets(buckets: Uint32Array, limit: number): void {
  for (const [row, bucket] of buckets.entries()) {
    if (bucket < limit && (row === 0 || bucket > buckets[row - 1]!)) continue;
    throw new Error(`${ngramsWeightsFile} has the bucket ${bucket} in row ${row}`);
  }
}

function layerOf(
  tensors: Tensors,
  name: DenseLayer['name'],
  inputs: number,
  units: number | undefined,
): DenseLayer {
  const kernel = findTensor(tensors, `${name}/kernel`, [inputs, units], Float32Array);
  const outputs = kernel.shape[1]!;
  const bias = findTensor(tensors, `${name}/bias`, [outputs], Float32Array);
  return {
    ...{ name, inputs, outputs },
    kernel: Float32Array.from(kernel.values),
    bias: Float32Array.from(bias.values),
  };
}

/**
 * Finds a tensor.
 * @param expected Its shape; undefined for an axis of any length.
 * @throws Error if it is missing, or of another type or shape.
 */
function findTensor<Values extends Tensor['values']>(
  tensors: Tensors,
  name: string,
  expected: readonly (number | undefined)[],
  type: abstract new (...parts: never[]) => Values,
): { readonly shape: readonly number[]; readonly values: Values } {
  const { shape, values } = tensors.get(name) ?? {};
  if (shape === undefined || values === undefined) {
    throw new Error(`${ngramsFile} lists no tensor '${name}'`);
  }
  const fits =
    shape.length === expected.length &&
    expected.every((size, axis) => size === undefined || size === shape[axis]);
  if (fits && values instanceof type) return { shape, values };
  throw new Error(
    `${ngramsFile} lists the tensor '${name}' with another type or shape than its sizes need: [${shape}]`,
  );
}
