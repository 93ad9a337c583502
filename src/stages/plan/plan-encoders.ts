import type { Config } from '../../config/schema.ts';
import { type Example, isRejected } from '../../data/example.ts';
import { type Features, kindOfTask } from '../../data/features/index.ts';
import type { EmbeddingBits } from '../../data/tables/embeddings-file.ts';
import { UserError } from '../../errors.ts';
import { fromFloat16, toFloat16 } from '../../float16.ts';
import { count, counted } from '../../format.ts';
import type { EncoderConfig } from '../../models/encoders/config.ts';
import type { DescribedEncoder } from '../../models/encoders/describe.ts';
import {
  type Embedded,
  encoderReads,
  type PretrainedEncoder,
} from '../../models/encoders/encoder.ts';
import { exampleContent } from '../../models/encoders/example-content.ts';
import { openDescribed } from '../../models/encoders/open-encoder.ts';
import { embeddingsDigest, isSame, type PlannedEncoder } from '../../models/encoders/planned.ts';
import { resolveEncoder } from '../../models/encoders/resolve.ts';
import { storeEncoder } from '../../models/encoders/stored-encoder.ts';
import { longText } from '../../models/encoders/text-batches.ts';
import { encoderOf } from '../../models/networks/index.ts';
import { rescaledTwice } from '../../models/rescaling-layer.ts';
import { membersOf } from '../../models/teachers/trained-kind.ts';
import { keys } from '../../run/keys.ts';
import type { RunToPlan } from './run-to-plan.ts';

/** Maximum change of a similarity by numbers of 16 bits. With more, 32 bits are stored. */
const maxChange = 1e-3;

/** Encoders of a run, with findings about them. */
export interface PlannedEncoders {
  readonly encoders: PlannedEncoder[];
  readonly warnings: readonly string[];
}

/**
 * Pins the encoders of the config, copies their files to the results, and embeds some labeled
 * examples. An encoder that does not fit is thus found before anything is encoded.
 *
 * @param features Features of the examples.
 * @param sample Labeled examples of every class.
 * @throws UserError if an encoder does not fit the task, or embeds none of the examples.
 */
export async function planEncoders(
  { config, data, results }: RunToPlan,
  features: Features,
  sample: readonly Example[],
): Promise<PlannedEncoders> {
  const { name } = kindOfTask(config.task);
  const content = await Promise.all(sample.map(exampleContent(features)));
  const prepared = content.filter((example): example is Example => !isRejected(example));
  const encoders: PlannedEncoder[] = [];
  const warnings: string[] = [];
  for (const wanted of encodersIn(config)) {
    // The config's schema refuses encoders for other kinds.
    const reads = encoderReads.find((kind) => kind === name)!;
    const described = await resolveEncoder(data, wanted, reads);
    const { description } = described;
    const planned = encoders.find(({ files }) => files === description.digest);
    if (planned) {
      planned.configs.push(wanted);
      continue;
    }
    const encoder = await openDescribed(described);
    try {
      // The sample may have only short texts.
      await encoder.embed(longestText(description));
      const embedded = await encoder.embed(prepared);
      warnings.push(...warningsOf(described, embedded, prepared.length));
      warnings.push(...doubtsAbout(described, encoder));
      // Only an encoder that fits is kept: the digest lacks what its files merely state.
      await storeEncoder(described, results, keys.encoder(description.digest));
      const bits = bitsFor(embedded.embeddings, encoder.dimension);
      encoders.push({
        configs: [wanted],
        source: description.source,
        files: description.digest,
        digest: embeddingsDigest(description.digest, features, bits),
        dimension: encoder.dimension,
        bits,
        bytes: description.files.reduce((bytes, file) => bytes + file.bytes, 0),
        ...(description.maxLength !== undefined && { maxLength: description.maxLength }),
        size: description.features ? [description.features.height, description.features.width] : [],
      });
    } finally {
      encoder.dispose();
    }
  }
  return { encoders, warnings };
}

/** Returns a text of the maximum length that an encoder of texts reads. */
function longestText({ maxLength }: DescribedEncoder['description']): Example[] {
  if (maxLength === undefined) return [];
  const content = { kind: 'text', text: longText(maxLength) } as const;
  return [{ id: 'longest', label: undefined, content }];
}

/** Lists the encoders of the networks that are trained, each once. */
export function encodersIn({ teacher, student }: Config): EncoderConfig[] {
  const found = [...membersOf(teacher), student].flatMap((network) => {
    const encoder = encoderOf(network);
    return encoder ? [encoder] : [];
  });
  return found.filter((one, index) => index === found.findIndex((other) => isSame(one, other)));
}

/** @throws UserError if no example has an embedding. */
function warningsOf(
  { description: { source, maxLength } }: DescribedEncoder,
  { rejected, truncated }: Embedded,
  size: number,
): string[] {
  const [first] = rejected.values();
  if (first && rejected.size === size) {
    throw new UserError(
      `${source} embeds none of ${counted(size, 'labeled example')}; '${first.id}': ${first.reason}`,
      'Correct the data, or the field encoder of distill.yaml.',
    );
  }
  const lost = `${source} cannot embed ${rejected.size} of ${counted(size, 'labeled example')} that Plan gave it, such as '${first?.id}': ${first?.reason}`;
  const cut = `${source} reads only the first ${maxLength} tokens of ${truncated} of ${counted(size, 'labeled example')} that Plan gave it.`;
  return [...(first ? [lost] : []), ...(truncated > 0 ? [cut] : [])];
}

/** With a smaller share of the model's ids, the tokenizer may be of another model. */
const minKnownIds = 0.9;

/** Names what is taken for granted about an encoder, because no file states it. */
export function* doubtsAbout(
  {
    description: { source, pooling: stated, features },
    ids,
    isRescaling = false,
  }: Pick<DescribedEncoder, 'description' | 'ids' | 'isRescaling'>,
  { output: { pooling, shape } }: Pick<PretrainedEncoder, 'output'>,
): Iterable<string> {
  // A map of features has more axes; its mean is usual.
  if (stated === undefined && pooling !== 'none' && shape.length === 3) {
    const taken = pooling === 'cls' ? 'vector of its first token' : 'mean of its tokens';
    yield `No file of ${source} states its pooling, and the ${taken} is the embedding. If it was trained otherwise, set encoder.pooling: ${pooling === 'cls' ? 'mean' : 'cls'}.`;
  }
  const unscaled = isRescaling && features && rescaledTwice(source, 'encoder', features);
  if (unscaled) yield `${unscaled}.`;
  if (ids && ids.tokenizer < minKnownIds * ids.model) {
    yield `The tokenizer.json of ${source} has ${count(ids.tokenizer)} ids, and the model knows ${count(ids.model)}: give the tokenizer that the model was trained with, if this is another.`;
  }
}

/**
 * Returns the bits that keep the cosine similarities of examples.
 *
 * @param embeddings [n, dimension]; rejected examples are NaN.
 */
function bitsFor(embeddings: Float32Array, dimension: number): EmbeddingBits {
  const rounded = fromFloat16(toFloat16(embeddings));
  const rows = Array.from({ length: embeddings.length / dimension }, (_, row) => row).filter(
    (row) => !Number.isNaN(embeddings[row * dimension]),
  );
  for (const a of rows) {
    for (const b of rows) {
      const change = cosine(embeddings, dimension, a, b) - cosine(rounded, dimension, a, b);
      // Also true if rounding gives an infinite number.
      if (!(Math.abs(change) <= maxChange)) return 32;
    }
  }
  return 16;
}

/** Returns the cosine similarity of two rows; 0 if one of them is zero. */
function cosine(values: Float32Array, dimension: number, a: number, b: number): number {
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (let index = 0; index < dimension; index++) {
    const [x, y] = [values[a * dimension + index]!, values[b * dimension + index]!];
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  const scale = Math.sqrt(squaresA * squaresB);
  return scale === 0 ? 0 : product / scale;
}
