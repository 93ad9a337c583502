import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Records } from './records.ts';

/** `fs.read` and `fs.write`, which FileHandle's methods take five times as long to call. */
type Operation = (
  descriptor: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
  done: (error: Error | null, length: number) => void,
) => void;

/**
 * Records on the local disk, each at its number. The file has no name any more once it is open: it
 * goes away with the process, however that ends.
 */
export class RecordFile {
  readonly #handle: FileHandle;
  /** Batches under way. */
  readonly #running = new Set<Promise<void>>();

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async create(folder: string): Promise<RecordFile> {
    const path = join(folder, `counterweight-${randomUUID()}`);
    const handle = await open(path, 'wx+', 0o600);
    await unlink(path);
    return new RecordFile(handle);
  }

  /** Writes the first records, each to the place in the file that is its number. */
  write(records: Records, numbers: readonly number[]): Promise<void> {
    return this.#transfer(fs.write, records, numbers);
  }

  /** Reads the records of these numbers, one after another. */
  read(records: Records, numbers: readonly number[]): Promise<void> {
    return this.#transfer(fs.read, records, numbers);
  }

  /** Waits for what is under way, then frees the disk. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
    await this.#handle.close();
  }

  /** @param numbers at least one. */
  #transfer(operation: Operation, records: Records, numbers: readonly number[]): Promise<void> {
    const { bytes, recordBytes } = records;
    const transfer = new Promise<void>((resolve, reject) => {
      let left = numbers.length;
      let failure: Error | undefined;
      const done = (error: Error | null, length: number) => {
        if (error) failure ??= error;
        else if (length < recordBytes) failure ??= new Error(`${length} bytes of ${recordBytes}`);
        // Not before the last one has ended: until then its memory and the file are in use.
        if (--left > 0) return;
        if (failure) reject(failure);
        else resolve();
      };
      numbers.forEach((number, place) => {
        const [offset, position] = [place * recordBytes, number * recordBytes];
        operation(this.#handle.fd, bytes, offset, recordBytes, position, done);
      });
    });
    const forget = () => this.#running.delete(transfer);
    transfer.then(forget, forget);
    this.#running.add(transfer);
    return transfer;
  }
}
