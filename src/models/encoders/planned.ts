/** The encoders of a run, pinned by Plan, and the features of the networks that read them. */
import { z } from 'zod';
import { type Features, hasTexts, vectorFeatures } from '../../data/features/index.ts';
import type { EmbeddingBits } from '../../data/tables/embeddings-file.ts';
import { digestJson } from '../../digest.ts';
import { encoderOf, type NetworkConfig } from '../networks/index.ts';
import { type EncoderConfig, encoderSchema } from './config.ts';

export const plannedEncoderSchema = z.strictObject({
  /** The fields `encoder` of the networks that read it: a branch and its commit are one encoder. */
  configs: z.array(encoderSchema).min(1),
  /** Name for messages: the path in the dataset, or `hf:owner/name@commit`. */
  source: z.string(),
  /** Digest of the encoder: the key of its files in the results. */
  files: z.string(),
  /** Digest of everything that its embeddings depend on: their key. */
  digest: z.string(),
  dimension: z.int().positive(),
  /** Bits of the stored numbers: 16, unless they change similarities too much. */
  bits: z.union([z.literal(16), z.literal(32)]),
  /** Size of its files. */
  bytes: z.int(),
  /** Maximum number of tokens per text; absent for images. */
  maxLength: z.int().positive().optional(),
  /** Height and width of the images that it reads; empty for texts. */
  size: z.array(z.int().positive()),
});
export type PlannedEncoder = z.infer<typeof plannedEncoderSchema>;

/**
 * Digests everything that embeddings depend on, besides the shard.
 *
 * @param encoder Digest of the encoder.
 * @param features Features of the examples. Those of texts decide how a text is normalized.
 */
export function embeddingsDigest(encoder: string, features: Features, bits: EmbeddingBits): string {
  const digest = digestJson([encoder, ...(hasTexts(features) ? [features] : [])], 32);
  return bits === 16 ? digest : `${digest}-float${bits}`;
}

/** Returns the bits in a digest of `embeddingsDigest`. */
export function bitsIn(digest: string): EmbeddingBits {
  return digest.endsWith('-float32') ? 32 : 16;
}

/** The parts of a plan that decide what its networks read. */
export interface FeaturesPlan {
  /** Features of the examples. */
  readonly features: Features;
  readonly encoders: readonly PlannedEncoder[];
}

/** Returns what a network reads: the features of the examples, or the embeddings of its encoder. */
export function networkFeatures(
  { features, encoders }: FeaturesPlan,
  network: NetworkConfig,
): Features {
  const planned = plannedEncoder(encoders, network);
  return planned === undefined ? features : vectorFeatures(planned.dimension, planned.digest);
}

/** Returns the planned encoder of a network; undefined if it reads the examples. */
export function plannedEncoder(
  encoders: readonly PlannedEncoder[],
  network: NetworkConfig,
): PlannedEncoder | undefined {
  const config = encoderOf(network);
  if (config === undefined) return undefined;
  const found = encoders.find(({ configs }) => configs.some((one) => isSame(one, config)));
  if (found === undefined) throw new Error(`the plan has no encoder '${config.path}'`);
  return found;
}

/** Returns whether two configs name the same encoder; their fields have the order of the schema. */
export function isSame(a: EncoderConfig, b: EncoderConfig): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
