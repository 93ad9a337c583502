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
 * Computes the ETag that S3 assigns to an object. If the object is sent in one part, it is the MD5.
 * Otherwise it is the MD5 of the parts' MD5s, and the number of parts. Does not hold for encryption
 * with KMS keys.
 * @param bytes size of `body`.
 */
export async function etagOf(body: AsyncIterable<Uint8Array>, bytes: number): Promise<string> {
  const partBytes = partBytesOf(bytes);
  const parts: Buffer[] = [];
  let part = createHash('md5');
  let room = partBytes;
  for await (const chunk of body) {
    let rest = chunk;
    while (rest.byteLength > room) {
      parts.push(part.update(rest.subarray(0, room)).digest());
      rest = rest.subarray(room);
      part = createHash('md5');
      room = partBytes;
    }
    part.update(rest);
    room -= rest.byteLength;
  }
  parts.push(part.digest());
  if (parts.length === 1) return `"${parts[0]!.toString('hex')}"`;
  const whole = createHash('md5').update(Buffer.concat(parts)).digest('hex');
  return `"${whole}-${parts.length}"`;
}
