const newline = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const comma = 0x2c;
const byteOrderMark = [0xef, 0xbb, 0xbf];

/**
 * Finds where records of a CSV file end (RFC 4180), without keeping them: constant memory at
 * hundreds of MB/s. Follows the same rules as the parser in `csv-files.ts`: a quote opens a
 * quoted field only as the field's first byte, `""` inside one is a quote, a record ends with LF
 * or CR LF outside quotes, an empty line is no record.
 */
export class RecordScanner {
  /** Bytes scanned so far. */
  offset = 0;
  /** Records that ended so far, the header included. */
  records = 0;
  #empty = true;
  #fieldStarts = true;
  #quoted = false;
  #quoteClosed = false;
  #returned = false;

  /**
   * Scans `chunk` from index `from`, and stops behind the first record that ends at or after
   * `target`, an offset in the file.
   * @returns the index it stopped at, or undefined when no such record ends in this chunk.
   */
  advance(chunk: Uint8Array, from: number, target: number): number | undefined {
    const chunkOffset = this.offset - from;
    for (let index = from; index < chunk.length; index++) {
      if (
        this.#endsRecord(chunk[index]!, chunkOffset + index) &&
        chunkOffset + index + 1 >= target
      ) {
        this.offset = chunkOffset + index + 1;
        return index + 1;
      }
    }
    this.offset = chunkOffset + chunk.length;
    return undefined;
  }

  /** Tells that the file ends here: the last record may lack its line end. */
  finish(): void {
    if (!this.#empty) this.records++;
    this.#empty = true;
  }

  #endsRecord(byte: number, offset: number): boolean {
    if (this.#quoted) {
      this.#quoted = byte !== quote;
      this.#quoteClosed = byte === quote;
      return false;
    }
    if (this.#quoteClosed) {
      this.#quoteClosed = false;
      if (byte === quote) {
        this.#quoted = true;
        return false;
      }
    }
    if (byte === newline) {
      const ended = !this.#empty;
      if (ended) this.records++;
      this.#empty = true;
      this.#returned = false;
      this.#fieldStarts = true;
      return ended;
    }
    if (offset < byteOrderMark.length && byte === byteOrderMark[offset]) return false;
    // One CR before the LF does not make a line; anything else does.
    if (byte !== carriageReturn || this.#returned) this.#empty = false;
    this.#returned = byte === carriageReturn;
    this.#quoted = byte === quote && this.#fieldStarts;
    this.#fieldStarts = byte === comma;
    return false;
  }
}

/** Returns a field of a CSV file, in quotes if it needs them (RFC 4180). */
export function csvField(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
