import { z } from 'zod';
import { type Content, type Example, isRejected, type Rejected } from '../example.ts';
import { isVectorList } from '../value-type.ts';
import {
  classesSchema,
  copyDecoded,
  type Decoded,
  type Encoder,
  isDecoded,
  type Kind,
  multiLabelSchema,
  wrongKind,
} from './kind.ts';
import { nothingUsable } from './nothing-usable.ts';
import { isSparkVector, readSparkVector } from './spark-vector.ts';

const taskSchema = z.strictObject({
  type: z.literal('vector-classification'),
  classes: classesSchema,
  multiLabel: multiLabelSchema,
  length: z.int().min(1).describe('Floats per example.'),
});

/** A list of floats, used as it is. */
const featuresSchema = z.strictObject({
  kind: z.literal('vector'),
  length: z.number().int().positive(),
  /** Digest of the encoder whose embeddings are the vectors. Default: the examples are vectors. */
  encoder: z.string().optional(),
});
export type VectorFeatures = z.infer<typeof featuresSchema>;

/** Lists of floats that the user computed. */
export const vector: Kind<'vector', typeof taskSchema, typeof featuresSchema, 'vector'> = {
  name: 'vector',
  task: 'vector-classification',
  taskSchema,
  featuresSchema,
  bytesPerNumber: 4,
  isScaled: false,
  column: {
    field: 'vector',
    schema: z.string().default('features').describe('Column of the list of floats (Parquet).'),
    type: 'floats',
    expected: 'a list of numbers',
    advice: 'Flatten each value into one list of numbers: 8 lists of 8 numbers become 64 numbers.',
    accepts: (type) => isVectorList(type) || isSparkVector(type) || type.kind === 'json',
    recognizes: ({ type, values }) =>
      type.kind !== 'json' || values.some((value) => Array.isArray(value)),
    read(value) {
      const values = Array.isArray(value) ? value : readSparkVector(value);
      if (values === undefined) return 'has no vector';
      // NaN stands for an item that is not a number; the encoder rejects it.
      return {
        kind: 'vector',
        values: Float32Array.from(values, (item) => (item === null ? Number.NaN : Number(item))),
      };
    },
    write: valuesOf,
  },
  shape: ({ length }) => [length],
  async fit({ length }, _, examples) {
    const features: VectorFeatures = { kind: 'vector', length };
    await checkVectors(features, examples);
    return features;
  },
  createEncoder: createVectorEncoder,
  taskOf: ({ length }) => ({ length }),
  sameness: 'values',
  createIdentity: () => (content) => {
    const { buffer, byteOffset, byteLength } = valuesOf(content);
    return new Uint8Array(buffer, byteOffset, byteLength);
  },
  encodedBytes: () => 0,
  surveyTask() {
    let length = 0;
    return {
      async add(content) {
        if (content.kind === 'vector') length ||= content.values.length;
      },
      fields: () => ({ length: Math.max(length, 1) }),
    };
  },
};

function valuesOf(content: Content): Float32Array {
  if (content.kind !== 'vector') throw new Error(`expected a vector, found a ${content.kind}`);
  return content.values;
}

function createVectorEncoder({ length, encoder }: VectorFeatures): Encoder {
  const decode =
    encoder === undefined
      ? (example: Example) => checkVector(example, length)
      : (example: Example) => embeddingOf(example, encoder);
  return { decode: async (example) => decode(example), normalize: copyDecoded };
}

/** Returns the embedding that was joined to the example. */
function embeddingOf({ id, embeddings }: Example, encoder: string): Decoded | Rejected {
  return embeddings?.get(encoder) ?? { id, reason: 'It has no embedding.' };
}

async function checkVectors(
  features: VectorFeatures,
  examples: AsyncIterable<Example | Rejected>,
): Promise<void> {
  const encoder = createVectorEncoder(features);
  let reason: string | undefined;
  let usable = 0;
  for await (const item of examples) {
    const decoded = isRejected(item) ? item : await encoder.decode(item);
    if (isDecoded(decoded)) usable++;
    else reason ??= `'${decoded.id}': ${decoded.reason}`;
  }
  if (usable === 0) throw nothingUsable(reason);
}

function checkVector(example: Example, length: number): Decoded | Rejected {
  const { id, content } = example;
  if (content.kind !== 'vector') return wrongKind(example, 'a vector');
  const { values } = content;
  if (values.length !== length) {
    return { id, reason: `Its vector has ${values.length} numbers; expected ${length}.` };
  }
  for (let index = 0; index < length; index++) {
    if (Number.isFinite(values[index])) continue;
    return { id, reason: `Number ${index} of its vector is ${values[index]}.` };
  }
  return values;
}
