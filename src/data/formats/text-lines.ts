/** The lines of a text file, plain or compressed with gzip, with constant memory. */
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UserError } from '../../errors.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { Piece } from '../shard.ts';
import { asUtf8, encodingOf, requireText, startsWith } from './csv-encoding.ts';
import { byteOrderMark } from './csv-records.ts';
import { joined, withStart } from './csv-text.ts';

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
 * Opens a piece of a file of lines.
 * @throws UserError if the file is not such text, also while the lines are read.
 */
export async function openLines(
  store: ObjectStore,
  { key, version, range, rows }: Pick<Piece, 'key' | 'version' | 'range' | 'rows'>,
): Promise<LineText> {
  if (range !== undefined) {
    const text = asUtf8(await store.read(key, { version, range }), 'utf-8', key, range.start);
    return { isPlain: true, lines: linesOf(text, rows?.start ?? 0, range.start) };
  }
  const { start, rest } = await withStart(await store.read(key, { version }));
  if (startsWith(start, gzipMark)) {
    const unpacked = await withStart(unpack(joined(start, rest), key));
    return { isPlain: false, lines: linesOf(decode(unpacked, key), 0, 0) };
  }
  requireText(start, key, 'a text file');
  const isPlain = encodingOf(start) === 'utf-8';
  return { isPlain, lines: linesOf(decode({ start, rest }, key), 0, 0) };
}

function decode(
  { start, rest }: { start: Uint8Array; rest: AsyncIterable<Uint8Array> },
  key: string,
): AsyncGenerator<Uint8Array> {
  return asUtf8(joined(start, rest), encodingOf(start), key);
}

async function* unpack(packed: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Uint8Array> {
  // The callback only keeps the error from ending the process; reading throws it, too.
  const unpacked = pipeline(Readable.from(packed), createGunzip(), () => {});
  try {
    for await (const chunk of unpacked) yield chunk as Uint8Array;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) {
      throw error;
    }
    throw new UserError(
      `'${key}' is a damaged gzip file: ${error.message}.`,
      'Copy it again from its source, or remove it from the dataset.',
    );
  }
}

const lineFeed = 0x0a;

/** Splits text in UTF-8 into lines. */
async function* linesOf(
  text: AsyncIterable<Uint8Array>,
  firstNumber: number,
  start: number,
): AsyncGenerator<readonly Line[]> {
  let number = firstNumber;
  let end = start;
  let open: Uint8Array[] = [];
  let openBytes = 0;
  const add = (part: Uint8Array) => {
    openBytes += part.length;
    // The parts of a line that is too long are not kept.
    if (openBytes > maxLineBytes) open = [];
    else open.push(part);
  };
  const close = (): Line => {
    const bytes = openBytes > maxLineBytes ? undefined : contentOf(open, end === openBytes);
    const line = { number: number++, bytes, end };
    open = [];
    openBytes = 0;
    return line;
  };
  for await (const chunk of text) {
    const lines: Line[] = [];
    let from = 0;
    for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, from)) {
      add(chunk.subarray(from, at + 1));
      end += at + 1 - from;
      from = at + 1;
      lines.push(close());
    }
    if (from < chunk.length) add(chunk.subarray(from));
    end += chunk.length - from;
    yield lines.filter(isNotBlank);
  }
  if (openBytes > 0) yield [close()].filter(isNotBlank);
}

/** Joins the parts of a line; the first line of a file may start with a byte order mark. */
function contentOf(parts: readonly Uint8Array[], isFirst: boolean): Buffer {
  const bytes = Buffer.concat(parts);
  return isFirst && startsWith(bytes, byteOrderMark) ? bytes.subarray(byteOrderMark.length) : bytes;
}

function isNotBlank({ bytes }: Line): boolean {
  return bytes === undefined || bytes.some((byte) => byte > 0x20);
}
