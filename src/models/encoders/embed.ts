import type { Rejected } from '../../data/example.ts';
import { UserError } from '../../errors.ts';
import {
  type LoadedModel,
  type Output,
  type Port,
  portsText,
  shapeText,
} from '../teachers/loaded-model.ts';
import type { Pooling } from './config.ts';
import type { EncoderDescription, PretrainedEncoder } from './encoder.ts';
import type { EncoderInput, InputBatch } from './input-batch.ts';
import { normalizeRows, pool, poolAxes } from './pooling.ts';

/** A loaded model with all that embedding takes. */
export interface LoadedEncoder {
  readonly model: LoadedModel;
  readonly input: EncoderInput;
  /** The output with the embedding. */
  readonly output: Port;
  /** Its values for the blank examples of `probe`. */
  readonly probed: Output;
  readonly probe: InputBatch;
  readonly description: EncoderDescription;
}

/**
 * Makes an encoder of a loaded model.
 * @throws UserError if the output's shape, or the dimension, is not the expected one.
 */
export function embedWith(loaded: LoadedEncoder): PretrainedEncoder {
  const { model, input, output, description } = loaded;
  const { digest, reads, normalize } = description;
  const { dimension, pooling, channelsFirst } = poolingOf(loaded);
  const embedBatch = async ({ feeds, lengths }: InputBatch): Promise<Float32Array> => {
    const result = await runOrExplain(model, feeds, output, description);
    const axes = poolAxes(result.shape, input, () => output.name);
    const pooled = pool(result, axes, pooling, lengths);
    if (normalize) normalizeRows(pooled, dimension);
    return pooled;
  };
  const batches: PretrainedEncoder['batches'] = async function* (examples, notes) {
    for await (const batch of input.batches(examples, notes)) {
      yield { ...batch, pooled: await embedBatch(batch) };
    }
  };
  return {
    digest,
    dimension,
    reads,
    chunk: input.chunk,
    output: { name: output.name, shape: loaded.probed.shape, pooling, channelsFirst },
    batches,
    async embed(examples) {
      const embeddings = new Float32Array(examples.length * dimension).fill(Number.NaN);
      const notes = { rejected: new Map<number, Rejected>(), truncated: 0 };
      for await (const { rows, pooled } of batches(examples, notes)) {
        for (const [index, row] of rows.entries()) {
          const values = pooled.subarray(index * dimension, (index + 1) * dimension);
          if (values.every(Number.isFinite)) embeddings.set(values, row * dimension);
          else notes.rejected.set(row, { id: examples[row]!.id, reason: notFinite });
        }
      }
      return { embeddings, ...notes };
    },
    dispose() {
      model.dispose();
    },
  };
}

/** @throws UserError if the model fails on inputs that fit what it declares. */
export async function runOrExplain(
  model: LoadedModel,
  feeds: InputBatch['feeds'],
  output: Port,
  { source, reads }: EncoderDescription,
): Promise<Output> {
  const [result] = await model.run(feeds, [output.name]).catch((error: Error) => {
    // It was stopped at a limit, which has nothing to do with the shapes.
    if (error instanceof UserError) throw error;
    const shapes = feeds.map(({ shape }) => shapeText(shape)).join(', ');
    throw new UserError(
      `${source} fails on inputs of ${shapes}, which fit what it declares (${portsText(model.inputs)}): ${error.message}`,
      reads === 'text'
        ? 'If it reads fewer tokens, set encoder.maxLength to their number, such as 256. Otherwise, try it on these shapes in the tool that made it.'
        : 'Try the model on these shapes in the tool that made it, and export it again.',
    );
  });
  return result!;
}

const notFinite = 'The encoder gives it an embedding with NaN or infinite numbers.';

/** Finds the dimension, and the pooling that the shape of the output needs. */
function poolingOf({ input, output, probed, probe, description }: LoadedEncoder) {
  const { source, reads } = description;
  const name = `the output '${output.name}' of ${source}`;
  const n = probe.feeds[0]!.shape[0]!;
  if (probed.shape[0] !== n) {
    throw new UserError(
      `${name} is ${shapeText(probed.shape)} for ${n} examples: expected one row per example`,
      'Export the model with a batch dimension that is the same for input and outputs.',
    );
  }
  const axes = poolAxes(probed.shape, input, () => name);
  const { dimension, positions, channelsFirst } = axes;
  const byShape: Pooling = reads === 'text' || probed.shape.length > 3 ? 'mean' : 'cls';
  const pooling = description.pooling ?? (positions === 1 ? 'none' : byShape);
  const length = probe.feeds[0]!.shape[1];
  if (positions > 1 && reads === 'text' && positions !== length) {
    throw new UserError(
      `${name} is ${shapeText(probed.shape)} for ${length} tokens: expected one vector per token`,
      'Set encoder.embeddingName to the output with the embedding.',
    );
  }
  if (pooling === 'none' && positions > 1) {
    throw new UserError(
      `encoder.pooling is none, and ${name} is ${shapeText(probed.shape)}: one vector per token or position`,
      'Set encoder.pooling: mean, cls or max.',
    );
  }
  const stated = probed.shape.length > 2 ? description.dimension : undefined;
  if (stated !== undefined && stated !== dimension) {
    throw new UserError(
      `${name} has ${dimension} numbers per embedding, and the encoder's files state ${stated}`,
      'Set encoder.embeddingName to the output with the embedding, or give the files of this model.',
    );
  }
  return { dimension, pooling, channelsFirst };
}
