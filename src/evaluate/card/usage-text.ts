import type { EncoderDescription } from '../../models/encoders/encoder.ts';
import { encodedBrowser, encodedPython } from './encoded-text.ts';
import type { CardFacts, CardProgram, StudentUsageOf } from './facts.ts';
import { inlineCode } from './markdown.ts';
import { onnxProgram, onnxWebPackage } from './snippets.ts';
import { ngramsBrowser } from './text-browser.ts';
import { ngramsLines } from './text-python.ts';

/** Usage of a student of texts: `ngrams`, or a head on an encoder. */
export const textUsage: StudentUsageOf<'text'> = ({ maxCharacters }, facts) => {
  const { encoder, description } = facts;
  const columns = description.table?.columns ?? ['text'];
  const joined =
    columns.length === 1
      ? ''
      : `The columns ${columns.map(inlineCode).join(', ')} are joined by a space. `;
  return {
    input: [
      `${joined}A text is composed to NFC. Control characters are removed, and white space becomes single spaces. It is cut after ${maxCharacters} characters.`,
      encoder
        ? `The encoder ${inlineCode(encoder.source)} reads up to ${encoder.maxLength} tokens of it. The rest is cut.`
        : 'Its n-grams of words and characters are hashed: docs/ngrams.md of counterweight specifies how.',
    ],
    example: "'A good film.'",
    ...(encoder
      ? encodedPrograms(encoder, facts, maxCharacters)
      : {
          python: {
            packages: [],
            lines: [...ngramsLines(maxCharacters), '', "print(predict('A good film.'))"],
          },
          browser: { packages: [], lines: ngramsBrowser(maxCharacters) },
        }),
  };
};

/** States or makes the programs of a head on an encoder. */
function encodedPrograms(
  encoder: EncoderDescription,
  facts: CardFacts,
  maxCharacters: number,
): { readonly python: CardProgram; readonly browser: CardProgram } {
  const { normalizer } = facts;
  return {
    python: onnxProgram(facts, ['onnxruntime', 'numpy', 'tokenizers'], () =>
      encodedPython(encoder, maxCharacters),
    ),
    browser:
      normalizer === undefined || normalizer.hasTable
        ? { none: noTokenizer }
        : onnxProgram(facts, [tokenizersPackage, onnxWebPackage], () =>
            encodedBrowser(encoder, normalizer, maxCharacters),
          ),
  };
}

const tokenizersPackage = '@huggingface/tokenizers';
const noTokenizer = `its tokenizer has a table of SentencePiece, which \`${tokenizersPackage}\` does not follow exactly`;
