import { Readable } from 'node:stream';
import { TransientError } from '../errors.ts';
import { isDamage } from './s3-failures.ts';

/** Number of times that a stream is opened again without receiving one more byte. */
const maxReopens = 3;

/**
 * Returns a stream of `bytes` bytes from S3. If the connection drops, it requests the rest. Long
 * reads need that: a trainer reads a shard slowly, and S3 closes idle connections.
 *
 * @param first The stream from the first byte.
 * @param reopen Opens the same object, at the same version, from `offset` on.
 * @throws (on the stream) TransientError if reopening does not help, or the bytes are damaged.
 */
export function resumable(
  first: Readable,
  bytes: number,
  reopen: (offset: number) => Promise<Readable>,
): Readable {
  let source = first;
  let chunks = source.iterator();
  let offset = 0;
  let reopens = 0;

  async function next(): Promise<Uint8Array | null> {
    for (;;) {
      try {
        const { value, done } = await chunks.next();
        if (done && offset === bytes) return null;
        if (done) throw new Error(`the stream ended after ${offset} of ${bytes} bytes`);
        offset += value.byteLength;
        reopens = 0;
        return value;
      } catch (error) {
        if (stream.destroyed) return null;
        // Damaged bytes may have been passed on already: requesting the rest would hide that.
        if (offset >= bytes || isDamage(error) || reopens++ === maxReopens) {
          throw new TransientError(`reading failed: ${String(error)}`, { cause: error });
        }
        source = await reopen(offset);
        if (stream.destroyed) source.destroy();
        chunks = source.iterator();
      }
    }
  }

  const stream = new Readable({
    read() {
      next().then(
        (chunk) => this.push(chunk),
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, callback) {
      source.destroy();
      callback(error);
    },
  });
  return stream;
}
