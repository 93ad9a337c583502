/** The words of a text, as the architecture `ngrams` reads them; docs/ngrams.md specifies them. */

/** Maximum code points of a word; a longer one is cut into several. */
const maxWord = 64;

/** Kana and Chinese characters, whose texts have no spaces: each is a word. */
const single = '\\u3041-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}';

/** A word of a text in lower case. Its source has ASCII only. */
export const wordPattern = new RegExp(
  `[${single}]` +
    `|(?![${single}])[\\p{L}\\p{N}](?:(?![${single}])[\\p{L}\\p{N}\\p{M}]){0,${maxWord - 1}}` +
    '|[\\p{P}\\p{S}]',
  'gu',
);

/**
 * Splits a text into lower-case words: runs of letters, digits and their marks, and single
 * punctuation marks and symbols.
 * @example wordsOf("Don't!"); // ['don', "'", 't', '!']
 */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(wordPattern) ?? [];
}
