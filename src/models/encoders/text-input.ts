import { wrongKind } from '../../data/features/kind.ts';
import { normalizeText } from '../../data/features/text-normalize.ts';
import type { EncoderInput } from './input-batch.ts';
import { type TextBatchesOptions, type TokenizedText, textBatches } from './text-batches.ts';

/** Batches per call: enough that each has texts of similar length. */
const batchesPerChunk = 32;

const noTokens = "The encoder's tokenizer finds no token in its text.";

/**
 * Makes the input of an encoder of texts, which are normalized first.
 * @throws UserError if the model has an input that is not known here.
 */
export function textInput(options: TextBatchesOptions): EncoderInput {
  const { tokenizer, batchSize } = options;
  const batches = textBatches(options);
  return {
    chunk: batchesPerChunk * batchSize,
    channelsFirst: false,
    aspect: 1,
    probe: batches.probe,
    async *batches(examples, notes) {
      const texts: TokenizedText[] = [];
      for (const [row, example] of examples.entries()) {
        if (example.content.kind !== 'text') {
          notes.rejected.set(row, wrongKind(example, 'a text'));
          continue;
        }
        const { text } = normalizeText(example.content.text, Number.POSITIVE_INFINITY);
        if (text === '') {
          notes.rejected.set(row, { id: example.id, reason: 'Its text is empty.' });
          continue;
        }
        const tokens = tokenizer.tokenize(text);
        if (tokens.isEmpty) {
          notes.rejected.set(row, { id: example.id, reason: noTokens });
          continue;
        }
        if (tokens.isTruncated) notes.truncated++;
        texts.push({ row, tokens });
      }
      yield* batches.of(texts);
    },
  };
}
