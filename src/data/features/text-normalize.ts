/** Brings texts to one form, so that equal texts are equal bytes wherever they come from. */

import { composeText } from '../compose-text.ts';

/** A normalized text, and whether it was longer than the limit. */
export interface NormalizedText {
  readonly text: string;
  readonly isCut: boolean;
}

/**
 * Normalizes a text, in this order:
 *
 * 1. Each half of a surrogate pair without its other half becomes U+FFFD.
 * 2. Control characters (category Cc) and byte order marks (U+FEFF) are removed. White space stays:
 *    tab, line feed, vertical tab, form feed, carriage return and U+0085.
 * 3. The text is composed to Unicode's form NFC (see `composeText`).
 * 4. Each run of white space (Unicode's White_Space) becomes one space; none is left at the ends.
 * 5. A longer text is cut to `maxCharacters` code points, or a few less: never before a combining
 *    mark or the modifier of an emoji, nor beside a zero-width joiner.
 *
 * Format characters, such as zero-width joiners and marks of direction, are kept.
 *
 * @example normalizeText('\ufeffcafe\u0301 \r\n  au lait', 6) // { text: 'café a', isCut: true }
 */
export function normalizeText(written: string, maxCharacters: number): NormalizedText {
  const text = unusual.test(written) ? normalized(written) : written;
  // A character has one or two code units.
  if (text.length <= maxCharacters) return { text, isCut: false };
  const end = offsetOf(text, maxCharacters);
  if (end === text.length) return { text, isCut: false };
  return { text: text.slice(0, wholeCluster(text, end)).trimEnd(), isCut: true };
}

/**
 * Matches all but printable ASCII words with single spaces between them, which most English texts
 * are. It has no repeated group, which would overflow the stack on a text of many words.
 */
const unusual = /[^ -~]|^ | $| {2}/;

/** Control characters that are not white space, and the byte order mark. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove.
const removed = /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufeff]/g;

function normalized(text: string): string {
  const kept = text.replaceAll(/\p{Surrogate}/gu, '\ufffd').replaceAll(removed, '');
  return composeText(kept)
    .replaceAll(/\p{White_Space}+/gu, ' ')
    .replace(/^ | $/g, '');
}

/** Returns the offset after `characters` code points. */
function offsetOf(text: string, characters: number): number {
  let offset = 0;
  for (let count = 0; count < characters && offset < text.length; count++) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}

/** Upper bound on the code points of one visible character that a cut keeps whole. */
const maxCluster = 32;

/** A character that belongs to the one before it. */
const continues = /^(?:\p{Mark}|\p{Emoji_Modifier}|\u200d)/u;

/** Moves the end of a cut before a visible character that it would divide. */
function wholeCluster(text: string, end: number): number {
  let at = end;
  for (let steps = 0; steps < maxCluster && at > 0; steps++) {
    const isInside =
      continues.test(String.fromCodePoint(text.codePointAt(at) ?? 0)) || text[at - 1] === '\u200d';
    if (!isInside) return at;
    at -= (text.codePointAt(at - 2) ?? 0) > 0xffff ? 2 : 1;
  }
  return end;
}
