import { readAhead } from '../../data/ahead.ts';
import type { Example } from '../../data/example.ts';
import type { Embedded, PretrainedEncoder } from './encoder.ts';

/** Chunks that are embedded at once, so that one is decoded while the model runs. */
const chunksAtOnce = 2;

/** A chunk of examples, with its embeddings. */
export interface EmbeddedChunk<One extends Example> extends Embedded {
  readonly examples: readonly One[];
}

/**
 * Embeds chunks of examples, in their order.
 *
 * @param chunks Each has at most `encoder.chunk` examples.
 */
export function embedChunks<One extends Example>(
  encoder: Pick<PretrainedEncoder, 'embed'>,
  chunks: Iterable<readonly One[]> | AsyncIterable<readonly One[]>,
): AsyncGenerator<EmbeddedChunk<One>> {
  return readAhead(chunks, chunksAtOnce, async (examples) => ({
    examples,
    ...(await encoder.embed(examples)),
  }));
}
