/** The interface of an encoder, and the facts about it that are known without loading it. */
import { z } from 'zod';
import type { Example, Rejected } from '../../data/example.ts';
import { imageFeaturesSchema } from '../../data/features/image-features.ts';
import { listOf } from '../../wide-schemas.ts';
import { maxBatchSize, type Pooling, poolings } from './config.ts';
import type { BatchNotes, InputBatch } from './input-batch.ts';

/** Embeddings of n examples. */
export interface Embedded {
  /** Row-major, [n, dimension], in the order of the examples; NaN for a rejected one. */
  readonly embeddings: Float32Array;
  /** Examples that cannot be read, or whose embedding is not finite, by row. */
  readonly rejected: ReadonlyMap<number, Rejected>;
  /** Number of texts that were cut to the maximum length. */
  readonly truncated: number;
}

/** A batch of a model, with its result. */
export interface EmbeddedBatch extends InputBatch {
  /** One per row of the tensors, [n, dimension]. */
  readonly pooled: Float32Array;
}

/** The tensor with the embeddings, before pooling. */
export interface EncoderOutput {
  /** Name of the tensor. */
  readonly name: string;
  /** Shape for some blank examples. */
  readonly shape: readonly number[];
  readonly pooling: Pooling;
  /** Whether a map of features has its channels first. */
  readonly channelsFirst: boolean;
}

/** A pretrained model in memory: examples in, embeddings out. Opened by `openEncoder`. */
export interface PretrainedEncoder {
  /** SHA-256, in hex, of all that determines the embeddings. */
  readonly digest: string;
  /** Numbers per embedding. */
  readonly dimension: number;
  /** Kind of content that it reads. */
  readonly reads: EncoderReads;
  /**
   * Number of examples to embed at once: a batch of images, or many batches of texts, because a
   * batch has texts of similar length. The last call may have fewer.
   */
  readonly chunk: number;
  readonly output: EncoderOutput;
  /** Yields the batches of any number of examples. Rejected ones are only in the notes. */
  batches(examples: readonly Example[], notes: BatchNotes): AsyncIterable<EmbeddedBatch>;
  /** Embeds any number of examples, in batches. */
  embed(examples: readonly Example[]): Promise<Embedded>;
  /** Frees the native memory. */
  dispose(): void;
}

/** Kinds of content that an encoder may read. */
export const encoderReads = ['image', 'text'] as const;
export type EncoderReads = (typeof encoderReads)[number];

/** Formats of an encoder's model. */
export const encoderFormats = ['onnx', 'savedModel', 'graphModel'] as const;
export type EncoderFormat = (typeof encoderFormats)[number];

/** SHA-256, in hex. That of an encoder is also the name of a folder. */
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** A file of an encoder, pinned. */
const encoderFileSchema = z.strictObject({
  /** Path relative to the encoder's folder. */
  path: z.string(),
  bytes: z.int().nonnegative(),
  /** In hex. */
  sha256: digest,
});

/** Maximum number of files of an encoder. */
const maxFiles = 10_000;

/** Facts about an encoder that its files and its settings give, without loading the model. */
export const encoderDescriptionSchema = z
  .strictObject({
    digest,
    /** Name for messages: the path in the dataset, or `hf:owner/name@commit`. */
    source: z.string(),
    reads: z.enum(encoderReads),
    format: z.enum(encoderFormats),
    /** Path of the model's file, relative to the encoder's folder; one of `files`. */
    model: z.string(),
    /** All files that the encoder needs, in ascending order of their paths. */
    files: listOf(encoderFileSchema, maxFiles),
    /** Numbers per token or position, if a file states them. `openEncoder` checks them. */
    dimension: z.int().positive().optional(),
    /** Output or tensor that the user chose. Default: found by name and shape. */
    embeddingName: z.string().optional(),
    /** Default: mean for text; for images, by the shape of the output. */
    pooling: z.enum(poolings).optional(),
    normalize: z.boolean(),
    batchSize: z.int().positive().max(maxBatchSize),
    /** Maximum number of tokens per text, for an encoder of texts. */
    maxLength: z.int().positive().optional(),
    /** Whether texts are put into lower case first. Default: false. */
    lowercase: z.literal(true).optional(),
    /** Pixels that it reads, for an encoder of images. */
    features: imageFeaturesSchema.optional(),
  })
  .refine(({ model, files }) => files.some(({ path }) => path === model), {
    path: ['model'],
    message: 'expected one of the files',
  })
  .refine(({ reads, features, maxLength }) => (reads === 'image' ? features : maxLength), {
    message: 'expected features for images, and maxLength for texts',
  });
export type EncoderDescription = z.infer<typeof encoderDescriptionSchema>;

/** Name of the description in the encoder's folder of the results. */
export const encoderFile = 'encoder.json';
