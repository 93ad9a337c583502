/** The lines of a text file, plain or compressed with gzip, with constant memory. */
import type { ObjectStore } from '../../store/store.ts';
import type { Piece } from '../shard.ts';
import { asUtf8, encodingOf, requireText, startsWith } from './csv-encoding.ts';
import { byteOrderMark } from './csv-records.ts';
import { joined, withStart } from './csv-text.ts';
import { GzipBudget, unpackGzip } from './gzip-text.ts';

/** Upper bound on a line, in bytes; a longer line is skipped. */
export const maxLineBytes = 2 ** 24;

/** A line of a file. */
export interface Line {
  /** Number of the line in the file, from 0. */
  readonly number: number;
  /** UTF-8 without the line end; undefined if the line is too long. */
  readonly bytes: Buffer | undefined;
  /** Offset of the end of the line in the text, after the line feed. */
  readonly end: number;
}

/** The text of a file. */
export interface LineText {
  /** Whether offsets in the text are offsets in the file. */
  readonly isPlain: boolean;
  /** Lines that are not blank, in groups. Reading them reads the file. */
  readonly lines: AsyncIterable<readonly Line[]>;
}

const gzipMark = [0x1f, 0x8b];

/**
 * Opens a piece of a file of lines. If the piece has rows and no range, the lines before it are
 * read and left out.
 * @throws UserError if the file is not such text, also while the lines are read.
 */
export async function openLines(
  store: ObjectStore,
  { key, version, range, rows }: Pick<Piece, 'key' | 'version' | 'range' | 'rows'>,
): Promise<LineText> {
  if (range !== undefined) {
    const text = asUtf8(await store.read(key, { version, range }), 'utf-8', key, range.start);
    const from = { number: rows?.start ?? 0, offset: range.start };
    return { isPlain: true, lines: linesOf(text, from) };
  }
  const { start, rest } = await withStart(await store.read(key, { version }));
  if (startsWith(start, gzipMark)) {
    const budget = new GzipBudget(key);
    const unpacked = await withStart(unpackGzip(joined(start, rest), key, budget));
    const lines = linesOf(decode(unpacked, key), fileStart, rows, budget);
    return { isPlain: false, lines };
  }
  requireText(start, key, 'a text file');
  const isPlain = encodingOf(start) === 'utf-8';
  return { isPlain, lines: linesOf(decode({ start, rest }, key), fileStart, rows) };
}

function decode(
  { start, rest }: { start: Uint8Array; rest: AsyncIterable<Uint8Array> },
  key: string,
): AsyncGenerator<Uint8Array> {
  return asUtf8(joined(start, rest), encodingOf(start), key);
}

/** Start of a whole file. */
const fileStart = { number: 0, offset: 0 };

/**
 * Splits text in UTF-8 into lines.
 *
 * @param from Number of the first line, and its offset.
 * @param rows Numbers of the lines that are wanted, half-open. Default: all.
 */
async function* linesOf(
  text: AsyncIterable<Uint8Array>,
  from: typeof fileStart,
  rows?: Piece['rows'],
  budget?: GzipBudget,
): AsyncGenerator<readonly Line[]> {
  const splitter = new LineSplitter(from, rows?.start);
  const end = rows?.end ?? Number.POSITIVE_INFINITY;
  for await (const chunk of text) {
    const lines = splitter.split(chunk);
    budget?.takeLines(lines.length);
    yield splitter.number < end ? lines : lines.filter(({ number }) => number < end);
    if (splitter.number >= end) return;
  }
  yield splitter.finish();
}

const lineFeed = 0x0a;
const space = 0x20;

/** Splits chunks of a text into lines. Blank lines cost no more than their bytes. */
class LineSplitter {
  /** Number of the line that is open. */
  number: number;
  readonly #firstWanted: number;
  /** Offset of the end of the last chunk. */
  #offset: number;
  /** Parts of the open line. Those of a line that is too long are not kept. */
  #open: Buffer[] = [];
  #openBytes = 0;

  constructor({ number, offset }: typeof fileStart, firstWanted = 0) {
    this.number = number;
    this.#offset = offset;
    this.#firstWanted = firstWanted;
  }

  /** Returns the lines that end in a chunk and are not blank. */
  split(chunk: Uint8Array): Line[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const lines: Line[] = [];
    let from = this.#openBytes === 0 ? this.#skip(bytes, 0) : 0;
    for (let at = bytes.indexOf(lineFeed, from); at >= 0; at = bytes.indexOf(lineFeed, from)) {
      this.#add(bytes.subarray(from, at + 1));
      const line = this.#close(this.#offset + at + 1);
      if (line !== undefined) lines.push(line);
      from = this.#skip(bytes, at + 1);
    }
    if (from < bytes.length) this.#add(bytes.subarray(from));
    this.#offset += bytes.length;
    return lines;
  }

  /** Returns the last line if it has no line end. */
  finish(): Line[] {
    const line = this.#openBytes > 0 ? this.#close(this.#offset) : undefined;
    return line === undefined ? [] : [line];
  }

  /** Skips blank lines and those before the first that is wanted; returns where the next starts. */
  #skip(bytes: Buffer, start: number): number {
    let from = start;
    while (this.number < this.#firstWanted) {
      const end = bytes.indexOf(lineFeed, from);
      if (end < 0) return from;
      this.number++;
      from = end + 1;
    }
    for (let at = from; at < bytes.length && bytes[at]! <= space; at++) {
      if (bytes[at] !== lineFeed) continue;
      this.number++;
      from = at + 1;
    }
    return from;
  }

  #add(part: Buffer): void {
    this.#openBytes += part.length;
    if (this.#openBytes > maxLineBytes) this.#open = [];
    else this.#open.push(part);
  }

  #close(end: number): Line | undefined {
    const number = this.number++;
    const bytes =
      this.#openBytes > maxLineBytes ? undefined : contentOf(this.#open, end === this.#openBytes);
    this.#open = [];
    this.#openBytes = 0;
    const isLine = number >= this.#firstWanted && (bytes === undefined || isNotBlank(bytes));
    return isLine ? { number, bytes, end } : undefined;
  }
}

/** Joins the parts of a line; the first line of a file may start with a byte order mark. */
function contentOf(parts: readonly Buffer[], isFirst: boolean): Buffer {
  const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  return isFirst && startsWith(bytes, byteOrderMark) ? bytes.subarray(byteOrderMark.length) : bytes;
}

function isNotBlank(bytes: Buffer): boolean {
  return bytes.some((byte) => byte > space);
}
