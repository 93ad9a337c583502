import { createHash } from 'node:crypto';

const mebibyte = 1024 ** 2;

/** S3's limit of parts per object. */
const maxParts = 10_000;

/**
 * Returns the part size of an object's upload: 8 MiB, doubled until the parts suffice, as in the
 * AWS command line. It depends only on the object's size, so that the ETag can be computed in
 * advance.
 */
export function partBytesOf(objectBytes: number): number {
  let partBytes = 8 * mebibyte;
  while (objectBytes > maxParts * partBytes) partBytes *= 2;
  return partBytes;
}

/**
 * Computes the ETag that S3 assigns to an object: the MD5 of its parts. Does not hold for
 * encryption with KMS keys.
 * @param bytes size of `body`.
 */
export async function etagOf(body: AsyncIterable<Uint8Array>, bytes: number): Promise<string> {
  return `"${await digestOfParts(body, bytes, 'md5', 'hex')}"`;
}

/**
 * Computes the checksum that S3 stores with an object uploaded with SHA-256, whatever key encrypts
 * it.
 * @param bytes size of `body`.
 */
export function checksumOf(body: AsyncIterable<Uint8Array>, bytes: number): Promise<string> {
  return digestOfParts(body, bytes, 'sha256', 'base64');
}

/**
 * Computes the digest of an object that is sent in parts. Of one part, it is the digest of the
 * bytes. Otherwise it is the digest of the parts' digests, and the number of parts.
 */
async function digestOfParts(
  body: AsyncIterable<Uint8Array>,
  bytes: number,
  algorithm: 'md5' | 'sha256',
  encoding: 'hex' | 'base64',
): Promise<string> {
  const partBytes = partBytesOf(bytes);
  const parts: Buffer[] = [];
  let part = createHash(algorithm);
  let room = partBytes;
  for await (const chunk of body) {
    let rest = chunk;
    while (rest.byteLength > room) {
      parts.push(part.update(rest.subarray(0, room)).digest());
      rest = rest.subarray(room);
      part = createHash(algorithm);
      room = partBytes;
    }
    part.update(rest);
    room -= rest.byteLength;
  }
  parts.push(part.digest());
  if (parts.length === 1) return parts[0]!.toString(encoding);
  const whole = createHash(algorithm).update(Buffer.concat(parts)).digest(encoding);
  return `${whole}-${parts.length}`;
}
