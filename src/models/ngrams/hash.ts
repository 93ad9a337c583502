/** FNV-1a, 32 bits (Fowler, Noll and Vo), of the UTF-8 bytes of texts. */

/** The hash of no bytes. */
export const emptyHash = 0x811c9dc5;

const prime = 0x01000193;

/** Continues a hash by the UTF-8 bytes of a code point. */
export function hashPoint(hash: number, point: number): number {
  if (point < 0x80) return Math.imul(hash ^ point, prime);
  if (point < 0x800) {
    return continued(Math.imul(hash ^ (0xc0 | (point >> 6)), prime), point);
  }
  if (point < 0x10000) {
    const first = Math.imul(hash ^ (0xe0 | (point >> 12)), prime);
    return continued(continued(first, point >> 6), point);
  }
  const first = Math.imul(hash ^ (0xf0 | (point >> 18)), prime);
  return continued(continued(continued(first, point >> 12), point >> 6), point);
}

/** Continues a hash by a continuation byte: the low six bits of `bits`. */
function continued(hash: number, bits: number): number {
  return Math.imul(hash ^ (0x80 | (bits & 0x3f)), prime);
}

/**
 * Continues a hash by the UTF-8 bytes of a text.
 * @returns a signed 32-bit integer.
 * @example hashText(emptyHash, 'a') >>> 0; // 0xe40c292c
 */
export function hashText(hash: number, text: string): number {
  let result = hash;
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at)!;
    if (point > 0xffff) at++;
    result = hashPoint(result, point);
  }
  return result;
}
