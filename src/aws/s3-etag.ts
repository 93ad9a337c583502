import { createHash } from 'node:crypto';

const mebibyte = 1024 ** 2;

/** S3's limit. */
const maxParts = 10_000;

/**
 * The size of the parts in which an object is sent: 8 MiB, doubled until they suffice, as the AWS
 * command line does too. Depends on the object's size alone, so that its ETag can be foretold.
 */
export function partBytesOf(objectBytes: number): number {
  let partBytes = 8 * mebibyte;
  while (objectBytes > maxParts * partBytes) partBytes *= 2;
  return partBytes;
}

/**
 * The ETag that S3 gives to an object with these bytes: the MD5 of an object sent in one part; else
 * the MD5 of its parts' MD5s and their number. Not so where S3 encrypts with keys of KMS.
 * @param bytes how many `body` has.
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
