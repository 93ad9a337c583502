/**
 * The normalizer `Precompiled` of tokenizers, as in the Rust package spm_precompiled. Its table is
 * a double-array trie over UTF-8 bytes (Aoe 1989, in the form of darts-clone), with the texts that
 * replace what is found.
 */

/**
 * Returns a function that normalizes texts with a table of SentencePiece.
 * @param table `precompiled_charsmap`, in base64: the bytes of the trie, the trie, and texts that
 *   each end with NUL.
 */
export function precompiledNormalizer(table: string): (text: string) => string {
  const bytes = Buffer.from(table, 'base64');
  const trieBytes = bytes.readUInt32LE(0);
  const trie = new Uint32Array(
    bytes.buffer.slice(bytes.byteOffset + 4, bytes.byteOffset + 4 + trieBytes),
  );
  const texts = bytes.subarray(4 + trieBytes);

  /** Returns the replacement of the shortest start of a text that the table has. */
  function replacement(text: string): string | undefined {
    const start = shortestPrefix(trie, Buffer.from(text));
    return start === undefined ? undefined : texts.toString('utf8', start, texts.indexOf(0, start));
  }

  return (text) => {
    let normalized = '';
    for (const { segment } of graphemes.segment(text)) {
      const isShort = Buffer.byteLength(segment) < maxGraphemeBytes;
      const whole = isShort ? replacement(segment) : undefined;
      if (whole !== undefined) normalized += whole;
      else for (const character of segment) normalized += replacement(character) ?? character;
    }
    return normalized;
  };
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Longer graphemes are normalized character by character. */
const maxGraphemeBytes = 6;

/** Returns the value of the shortest key that a text starts with. */
function shortestPrefix(trie: Uint32Array, text: Uint8Array): number | undefined {
  let position = offsetOf(trie[0]!);
  for (const byte of text) {
    position ^= byte;
    const unit = trie[position] ?? 0;
    // The label is the byte; the highest bit marks a value.
    if (byte === 0 || (unit & 0x800000ff) >>> 0 !== byte) return undefined;
    position ^= offsetOf(unit);
    if ((unit >>> 8) & 1) return trie[position]! & 0x7fffffff;
  }
  return undefined;
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
