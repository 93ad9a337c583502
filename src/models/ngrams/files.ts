/** The files of an `ngrams` model, `ngrams.json` and `ngrams.bin`, as docs/ngrams.md specifies. */
import { z } from 'zod';
import { product, sum } from '../../arrays.ts';
import { toJson } from '../../store/once.ts';
import { type DenseLayer, NgramsModel } from './model.ts';
import { ngramsFile, ngramsWeightsFile } from './names.ts';

const tensorSchema = z.strictObject({
  name: z.string(),
  dtype: z.enum(['uint32', 'float32']),
  shape: z.array(z.int().nonnegative()),
});

/** Maxima of the sizes of a model. A stranger's file must not take all memory or time. */
export const ngramsMaxima = {
  buckets: 2 ** 24,
  wordNgrams: 5,
  charNgrams: 10,
  dimension: 1024,
  hidden: 4096,
} as const;

const schema = z.strictObject({
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
  tensors: z.array(tensorSchema),
});

/** A tensor in the file. */
interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Uint32Array | Float32Array;
}

/** Makes the files of a model. The same model gives the same bytes. */
export function writeNgrams(model: NgramsModel): ReadonlyMap<string, Uint8Array> {
  const tensors = tensorsOf(model);
  const json: z.input<typeof schema> = {
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
    [ngramsFile, toJson(schema.parse(json))],
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
 * @throws Error if they are damaged.
 */
export function readNgrams(json: unknown, weights: Uint8Array): NgramsModel {
  const { tensors, subclasses, multiLabel, format: _, hash: __, ...shape } = schema.parse(json);
  const bytes = 4 * sum(tensors.map(({ shape }) => product(shape)));
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
  const names = ['scores', ...(shape.hidden > 0 ? ['hidden'] : [])] as const;
  const layers = names.toReversed().map((name) => layerOf(found, name as DenseLayer['name']));
  const model = new NgramsModel(shape, layers, {
    subclasses,
    isMultiLabel: multiLabel === true,
  });
  const { values: buckets } = tensor(found, 'buckets');
  const { values: vectors } = tensor(found, 'vectors');
  for (const bucket of buckets) {
    if (bucket >= shape.buckets) throw new Error(`${ngramsWeightsFile} has the bucket ${bucket}`);
    model.embeddings.add(bucket);
  }
  model.embeddings.values.set(vectors);
  return model;
}

function layerOf(found: ReadonlyMap<string, Omit<Tensor, 'name'>>, name: DenseLayer['name']) {
  const { shape, values } = tensor(found, `${name}/kernel`);
  const [inputs, outputs] = shape;
  return {
    name,
    inputs: inputs!,
    outputs: outputs!,
    kernel: Float32Array.from(values),
    bias: Float32Array.from(tensor(found, `${name}/bias`).values),
  };
}

function tensor(found: ReadonlyMap<string, Omit<Tensor, 'name'>>, name: string) {
  const present = found.get(name);
  if (!present) throw new Error(`${ngramsFile} lists no tensor '${name}'`);
  return present;
}
