import { UserError } from '../../errors.ts';
import { type Port, portsText } from '../teachers/loaded-model.ts';
import type { Pooling } from './config.ts';
import type { EncoderReads } from './encoder.ts';

/** Facts that decide which output is the embedding. */
export interface OutputChoice {
  readonly reads: EncoderReads;
  readonly embeddingName: string | undefined;
  readonly pooling: Pooling | undefined;
  /** Name of the encoder in errors. */
  readonly source: string;
}

/** Outputs of transformers and of sentence-transformers, the best first. */
const perExample = {
  text: ['sentence_embedding', 'text_embeds', 'sentence_embeddings', 'embeddings', 'embedding'],
  image: ['image_embeds', 'embeddings', 'embedding', 'pooler_output'],
};
const perPosition = ['last_hidden_state', 'token_embeddings', 'hidden_states', 'feature_map'];

/**
 * Chooses the output with the embedding: the output that the user names, otherwise by names that
 * libraries use, otherwise the only output of floats.
 *
 * @throws UserError if several outputs may be the embedding.
 */
export function chooseOutput(outputs: readonly Port[], choice: OutputChoice): Port {
  const { reads, embeddingName, pooling, source } = choice;
  if (embeddingName !== undefined) {
    // An inner tensor of an ONNX model becomes an output when the model is loaded.
    const inner = { name: embeddingName, dtype: 'unknown', shape: undefined };
    return outputs.find(({ name }) => name === embeddingName) ?? inner;
  }
  const floats = outputs.filter(({ dtype }) =>
    ['float32', 'float16', 'float64', 'unknown'].includes(dtype),
  );
  const named = (names: readonly string[]) =>
    names.flatMap((wanted) => floats.filter(({ name }) => name === wanted))[0];
  const whole = pooling === undefined || pooling === 'none' ? named(perExample[reads]) : undefined;
  const parts = pooling === 'none' ? undefined : named(perPosition);
  // An embedding per example stays as it is, whatever the pooling.
  const found =
    whole ?? parts ?? named(perExample[reads]) ?? (floats.length === 1 ? floats[0] : undefined);
  if (found !== undefined) return found;
  throw new UserError(
    floats.length === 0
      ? `${source} has no output of floats; it has ${portsText(outputs)}`
      : `${source} has ${floats.length} outputs that may be the embedding: ${portsText(floats)}`,
    `Set encoder.embeddingName${floats[0] ? `, such as ${floats[0].name}` : ''}.`,
  );
}
