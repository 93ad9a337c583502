/** The embeddings of a shard, as the stage Encode writes them. */
import { decodedBatches } from '../data/decoded-batches.ts';
import { type Example, isRejected, type Rejected } from '../data/example.ts';
import { type Features, kindOf } from '../data/features/index.ts';
import { readExamples } from '../data/read.ts';
import type { Shard } from '../data/shard.ts';
import { createEmbeddingsWriter } from '../data/tables/embeddings-file.ts';
import { embedChunks } from '../models/encoders/embed-chunks.ts';
import type { PretrainedEncoder } from '../models/encoders/encoder.ts';
import { exampleContent } from '../models/encoders/example-content.ts';
import type { PlannedEncoder } from '../models/encoders/planned.ts';
import type { Job } from '../run/job.ts';

/** Chunks that are read while the encoder works. */
const chunksAhead = 2;
/** Limit of their bytes. A single larger example is allowed. */
const bytesAhead = 128 * 2 ** 20;

/** Bytes of an embeddings file, and the number of texts that were cut. */
export interface EmbeddedShard {
  readonly bytes: Uint8Array;
  readonly truncated: number;
}

/** The file to make, and the parts of its digest besides the encoder. */
export interface EmbeddedAs {
  /** Key of the file. */
  readonly key: string;
  /** Features of the examples: those of texts decide how a text is normalized. */
  readonly features: Features;
  readonly bits: PlannedEncoder['bits'];
}

/**
 * Embeds the examples of a shard. Those that cannot be read or embedded are quarantined.
 *
 * @param tell Called after each chunk with the number of examples so far; an error thrown by it
 *   ends the work.
 */
export async function embedShard(
  { data, plan }: Pick<Job, 'data' | 'plan'>,
  shard: Shard,
  encoder: PretrainedEncoder,
  { key, features, bits }: EmbeddedAs,
  tell: (done: number) => void,
): Promise<EmbeddedShard> {
  const writer = createEmbeddingsWriter(key, encoder.dimension, bits);
  const prepare = exampleContent(features);
  const unread: Rejected[] = [];
  const room = chunksAhead * encoder.chunk;
  const decoding = {
    batchSize: encoder.chunk,
    room,
    size: (item: Example | Rejected) => Math.max(1, (bytesOf(item) / bytesAhead) * room),
    decode: async (item: Example | Rejected) => (isRejected(item) ? item : prepare(item)),
  };
  let done = 0;
  let truncated = 0;
  const examples = readExamples(data, shard, plan.config);
  const chunks = decodedBatches(examples, decoding, (one) => unread.push(one));
  for await (const chunk of embedChunks(encoder, chunks)) {
    const ids = chunk.examples.map(({ id }) => id);
    writer.append(ids, chunk.embeddings, chunk.rejected);
    truncated += chunk.truncated;
    done += ids.length;
    tell(done);
  }
  return { bytes: writer.finish(unread, truncated), truncated };
}

function bytesOf(item: Example | Rejected): number {
  return isRejected(item) ? 0 : kindOf(item.content).encodedBytes(item.content);
}
