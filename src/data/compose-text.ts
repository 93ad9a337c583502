/**
 * Unicode's composed forms, in time that grows with the text: engines sort the combining marks of a
 * character by their classes with the square of their number, so that a megabyte takes minutes.
 */

/** Maximum number of combining marks that are sorted at once. Unicode's own limit is 30. */
const maxMarks = 1000;

const manyMarks = new RegExp(`(?<!\\p{M})\\p{M}{${maxMarks + 1}}`, 'u');
const piece = new RegExp(`\\P{M}*\\p{M}{0,${maxMarks}}`, 'gu');
const tooManyMarks = new RegExp(`(?<!\\p{M})(\\p{M}{${maxMarks}})\\p{M}+`, 'gu');

/**
 * Composes a text. Of more than 1,000 combining marks in a row, each thousand is sorted alone.
 * @example composeText('cafe\u0301') // 'caf\u00e9'
 */
export function composeText(text: string, form: 'NFC' | 'NFKC' = 'NFC'): string {
  if (!manyMarks.test(text)) return text.normalize(form);
  return text.replaceAll(piece, (part) => part.normalize(form));
}

/** Removes combining marks after the first 1,000 in a row, for code that sorts them itself. */
export function withoutManyMarks(text: string): string {
  return text.replaceAll(tooManyMarks, '$1');
}
