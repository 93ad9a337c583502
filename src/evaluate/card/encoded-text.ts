/** The programs of a student of texts that is a head on an encoder. */
import type { EncoderDescription } from '../../models/encoders/encoder.ts';
import { type NormalizerTraits, rareChinese } from '../../models/encoders/normalizer-traits.ts';
import { answerLines, onnxModule, sessionLines } from './snippets.ts';
import { normalizedModule } from './text-browser.ts';
import { normalizedLines } from './text-python.ts';

/** Returns the program in Python. */
export function encodedPython(
  { maxLength, lowercase }: EncoderDescription,
  maxCharacters: number,
): string[] {
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
    "types = {'tensor(int64)': np.int64, 'tensor(int32)': np.int32, 'tensor(float)': np.float32}",
    '',
    ...normalizedLines(maxCharacters),
    'def values(name, ids):',
    "    if 'position_ids' in name: return list(range(len(ids)))",
    "    if 'mask' in name: return [1] * len(ids)",
    "    return ids if 'input_ids' in name or 'word_ids' in name else [0] * len(ids)",
    '',
    'def predict(text):',
    `    ids = tokenizer.encode(normalized(text)${lowercase ? '.lower()' : ''}).ids`,
    '    feeds = {',
    '        port.name: np.array([values(port.name, ids)], types[port.type])',
    '        for port in session.get_inputs()',
    '    }',
    ...answerLines('feeds'),
    '',
    "print(predict('A good film.'))",
  ];
}

/**
 * Returns the module for browsers.
 * @param normalizer has no table: `@huggingface/tokenizers` does not follow one exactly.
 */
export function encodedBrowser(
  { maxLength, lowercase, files }: EncoderDescription,
  { lowers, spacesChinese }: NormalizerTraits,
  maxCharacters: number,
): string[] {
  const configFile = 'tokenizer_config.json';
  const hasConfig = files.some(({ path }) => path === configFile);
  return onnxModule({
    imports: ["import { Tokenizer } from '@huggingface/tokenizers';"],
    before: [
      'const json = async (file) => (await fetch(file)).json();',
      "const settings = { added_tokens: [], ...(await json('encoder/tokenizer.json')) };",
      `const tokenizer = new Tokenizer(settings, ${hasConfig ? `await json('encoder/${configFile}')` : '{}'});`,
      '',
      'function encoded(text, special) {',
      '  const { ids } = tokenizer.encode(text, { add_special_tokens: special });',
      '  // A token outside the vocabulary may have no id.',
      '  return ids.filter((id) => id !== undefined);',
      '}',
      '',
      '// Special tokens are found around a short text, so that a long text can be cut between them.',
      "const [inner, whole] = [encoded('a', false), encoded('a', true)];",
      'const at = whole.findIndex((_, from) => inner.every((id, i) => whole[from + i] === id));',
      'const before = whole.slice(0, Math.max(0, at));',
      'const after = at < 0 ? [] : whole.slice(at + inner.length);',
      `const room = ${maxLength} - before.length - after.length;`,
      '',
      'function valueOf(name, id, position) {',
      "  if (name.includes('position_ids')) return position;",
      "  if (name.includes('mask')) return 1;",
      '  return /input_ids|word_ids/.test(name) ? id : 0;',
      '}',
      '',
      'const lists = { int64: BigInt64Array, int32: Int32Array, float32: Float32Array };',
      '',
      ...normalizedModule(maxCharacters),
    ],
    start: [
      'export async function predict(text) {',
      `  const words = normalized(text)${lowercase ? '.toLowerCase()' : ''}${lowers ? ".replaceAll('Σ', 'σ')" : ''}${spacesChinese ? `.replaceAll(${rareChinese}, ' $& ')` : ''};`,
      '  const ids = [...before, ...encoded(words, false).slice(0, room), ...after];',
      "  if (ids.length === 0) throw new Error('the text has no token');",
      '  const feeds = {};',
      '  for (const { name, type } of session.inputMetadata) {',
      '    const values = ids.map((id, position) => valueOf(name, id, position));',
      "    const list = lists[type].from(values, type === 'int64' ? BigInt : Number);",
      '    feeds[name] = new Tensor(type, list, [1, ids.length]);',
      '  }',
    ],
  });
}
