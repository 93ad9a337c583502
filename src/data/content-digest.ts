import { hash } from 'node:crypto';
import type { Content } from './example.ts';
import { type Features, kindOf } from './features/index.ts';

/** Bytes of a digest: 128 bits, so that among 10^12 examples no two differ and have the same. */
export const digestBytes = 16;

/** Returns a digest in hexadecimal digits. */
export function toHex(digest: Uint8Array): string {
  return Buffer.from(digest).toString('hex');
}

/** Returns the digest of hexadecimal digits. */
export function fromHex(text: string): Uint8Array {
  return Buffer.from(text, 'hex');
}

/**
 * Creates a function that digests the content of an example, without its id and label. Equal
 * digests mean equal examples: the same bytes of an image, or the same values of a row's features.
 *
 * @param features The student's: columns that it does not read do not count.
 */
export function createDigester(features: Features): (content: Content) => Uint8Array {
  const identityOf = kindOf(features).createIdentity(features);
  return (content) => hash('sha256', identityOf(content), 'buffer').subarray(0, digestBytes);
}
