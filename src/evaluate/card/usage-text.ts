import type { EncoderDescription } from '../../models/encoders/encoder.ts';
import type { StudentUsageOf } from './facts.ts';
import { inlineCode } from './markdown.ts';
import { answerLines, hasOnnx, sessionLines } from './snippets.ts';
import { ngramsBrowser } from './text-browser.ts';
import { ngramsLines, normalizedLines } from './text-python.ts';

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
      ? {
          python: hasOnnx(facts) ? encoded(encoder, maxCharacters) : undefined,
          packages: ['onnxruntime', 'numpy', 'tokenizers'],
        }
      : {
          python: [...ngramsLines(maxCharacters), '', "print(predict('A good film.'))"],
          browser: ngramsBrowser(maxCharacters),
        }),
  };
};

function encoded({ maxLength, lowercase }: EncoderDescription, maxCharacters: number): string[] {
  return [
    ...sessionLines([
      'import numpy as np',
      'import re',
      'import unicodedata',
      'from tokenizers import Tokenizer',
    ]),
    "tokenizer = Tokenizer.from_file('encoder/tokenizer.json')",
    'tokenizer.no_padding()',
    `tokenizer.enable_truncation(max_length=${maxLength})`,
    '',
    ...normalizedLines(maxCharacters),
    'def predict(text):',
    `    tokens = tokenizer.encode(normalized(text)${lowercase ? '.lower()' : ''})`,
    "    values = {'input_ids': tokens.ids, 'attention_mask': tokens.attention_mask}",
    '    feeds = {',
    '        port.name: np.array([values.get(port.name, tokens.type_ids)], np.int64)',
    '        for port in session.get_inputs()',
    '    }',
    ...answerLines('feeds'),
    '',
    "print(predict('A good film.'))",
  ];
}
