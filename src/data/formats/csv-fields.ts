/** Splits the text of a CSV file into records, and these into fields. */
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { byteOrderMark, type Dialect, maxRecordBytes, RecordScanner } from './csv-records.ts';
import type { CsvText } from './csv-text.ts';

/** Returns the fields of the header, trimmed. @throws CsvError if it cannot be read. */
export function headerFields(header: Uint8Array, dialect: Dialect): string[] {
  const [fields = []] = parseRecords(withoutMark(header), dialect);
  return fields.map((field) => field.trim());
}

/** A record that is longer than `maxRecordBytes`, so that its fields are not read. */
export interface LongRecord {
  readonly bytes: number;
  /** Number of its lines. Several may be rows after a quote that was closed too late. */
  readonly lines: number;
}

/** The fields of a record as they are written, or the size of a record that is too long. */
export type CsvRecord = string[] | LongRecord;

/**
 * Yields the records of a text in groups, the header first.
 * @throws CsvError if the header is too long, or a quote is never closed. The records before it are
 *   yielded first.
 */
export async function* recordsOf({
  text,
  dialect,
}: Pick<CsvText, 'text' | 'dialect'>): AsyncGenerator<CsvRecord[]> {
  const splitter = new RecordSplitter(dialect);
  for await (const chunk of text) yield splitter.add(chunk);
  yield splitter.finish();
}

/**
 * Splits a text chunk by chunk. A record without a quote ends with its line, and its fields end at
 * the delimiters. csv-parse reads records with quotes, which takes several times as long.
 */
class RecordSplitter {
  readonly #dialect: Dialect;
  readonly #scanner: RecordScanner;
  readonly #lineEnd: number;
  /** Parts of the record that has not ended; none if it is too long. */
  #open: Uint8Array[] = [];
  #openBytes = 0;
  /** Number of line ends in the open record, if it is too long. */
  #openLines = 0;
  #isFirst = true;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
    this.#scanner = new RecordScanner(dialect);
    this.#lineEnd = dialect.lineEnd.charCodeAt(0);
  }

  /** Returns the records that end in the chunk. @throws CsvError if the header is too long. */
  add(chunk: Uint8Array): CsvRecord[] {
    const records: CsvRecord[] = [];
    const quoted = new Map<number, Uint8Array>();
    let start = 0;
    while (start < chunk.length) {
      const end = this.#scanner.advance(chunk, start, 0);
      this.#extend(chunk.subarray(start, end));
      if (end === undefined) break;
      start = end;
      if (this.#isTooLong) {
        records.push(this.#closeLong());
        continue;
      }
      const bytes = this.#close();
      const text = bytes.toString();
      if (text.includes('"')) quoted.set(records.length, bytes);
      records.push(quoted.has(records.length) ? [] : plainFields(text, this.#dialect));
    }
    this.#parse(quoted, records);
    return records;
  }

  /** Returns the last record if it has no line end. @throws CsvError if a quote is not closed. */
  finish(): CsvRecord[] {
    if (!this.#isTooLong) return parseRecords(this.#close(), this.#dialect);
    if (this.#scanner.isInQuotes) throw tooLong();
    const { records } = this.#scanner;
    this.#scanner.finish();
    if (this.#scanner.records === records) return []; // Only empty lines.
    this.#openLines++;
    return [this.#closeLong()];
  }

  get #isTooLong(): boolean {
    return this.#openBytes > maxRecordBytes;
  }

  #extend(part: Uint8Array): void {
    this.#openBytes += part.length;
    this.#open.push(part);
    if (!this.#isTooLong) return;
    if (this.#isFirst) throw tooLong();
    for (const each of this.#open) this.#openLines += occurrences(each, this.#lineEnd);
    this.#open = [];
  }

  /** Ends the open record, which is too long. */
  #closeLong(): LongRecord {
    const record = { bytes: this.#openBytes, lines: this.#openLines };
    this.#close();
    return record;
  }

  /** Ends the open record, and returns its bytes. */
  #close(): Buffer {
    const whole = this.#open.length === 1 ? this.#open[0]! : Buffer.concat(this.#open);
    const bytes = this.#isFirst ? withoutMark(whole) : whole;
    this.#isFirst = false;
    this.#open = [];
    this.#openBytes = 0;
    this.#openLines = 0;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Puts the fields of the quoted records into `records`, each at its index. */
  #parse(quoted: ReadonlyMap<number, Uint8Array>, records: CsvRecord[]): void {
    if (quoted.size === 0) return;
    const parsed = parseRecords(Buffer.concat([...quoted.values()]), this.#dialect);
    if (parsed.length !== quoted.size) throw new Error('the parser splits records differently');
    [...quoted.keys()].forEach((index, at) => {
      records[index] = parsed[at]!;
    });
  }
}

function occurrences(bytes: Uint8Array, byte: number): number {
  let count = 0;
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) count++;
  return count;
}

/** Returns the fields of a record without quotes. */
function plainFields(text: string, { delimiter, lineEnd }: Dialect): string[] {
  // The scanner leaves empty lines at the start of the next record.
  const start = text.lastIndexOf(lineEnd, text.length - 2) + 1;
  const end = text.length - (lineEnd === '\n' && text.endsWith('\r\n') ? 2 : 1);
  return text.slice(start, end).split(delimiter).map(withoutRecord);
}

/** Minimum length of a substring that keeps the whole string in memory. V8 copies shorter ones. */
const minSliced = 13;

/** Copies a field, because a stored substring would keep its whole record in memory. */
function withoutRecord(field: string): string {
  return field.length < minSliced ? field : Buffer.from(field).toString();
}

/** Parses whole records. */
function parseRecords(bytes: Uint8Array, { delimiter, lineEnd }: Dialect): string[][] {
  return parse(bytes, {
    delimiter,
    record_delimiter: lineEnd === '\r' ? ['\r'] : ['\r\n', '\n'],
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
  });
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  const isMarked = byteOrderMark.every((byte, index) => bytes[index] === byte);
  return isMarked ? bytes.subarray(byteOrderMark.length) : bytes;
}

function tooLong(): CsvError {
  return new CsvError('CSV_MAX_RECORD_SIZE', `a record has more than ${maxRecordBytes} bytes`);
}
