/** Opens CSV files as text in UTF-8, with their dialect. */
import type { ObjectStore } from '../../store/store.ts';
import type { Piece } from '../shard.ts';
import { findDialect, firstLineEnd } from './csv-dialect.ts';
import { asUtf8, type Encoding, encodingOf, requireText } from './csv-encoding.ts';
import { type Dialect, maxRecordBytes, RecordScanner } from './csv-records.ts';

/** Bytes that show the dialect of a file; more if the first record is longer. */
const headBytes = 65_536;

/** The text of a CSV file. */
export interface CsvText {
  readonly encoding: Encoding;
  readonly dialect: Dialect;
  /** Header in UTF-8, with its line end. Empty if the file is. */
  readonly header: Uint8Array;
  /** Header and records of the piece in UTF-8. */
  readonly text: AsyncIterable<Uint8Array>;
  /** Closes the file if `text` is not read. */
  close(): Promise<void>;
}

/**
 * Opens a piece of a CSV file: the header, followed by the records of the piece. The caller reads
 * `text` or closes it.
 *
 * @param delimiter Delimiter that the config sets. Default: found in the file.
 * @throws UserError if the file is not in UTF-8 or UTF-16, also while `text` is read.
 */
export async function openCsv(
  store: ObjectStore,
  { key, version, bytes, range }: Pick<Piece, 'key' | 'version' | 'bytes' | 'range'>,
  delimiter: string | undefined,
): Promise<CsvText> {
  // A header ends before the first range, within the largest record.
  const headEnd = Math.max(headBytes, Math.min(range?.start ?? 0, maxRecordBytes));
  const end = range === undefined ? bytes : Math.min(headEnd, bytes);
  const source = await store.read(key, { version, range: { start: 0, end } });
  const { encoding, text } = await decodeFile(source, key);
  const start = await readHead(text);
  const isWhole = start.ended && start.head.length === start.bytes.length;
  const dialect = findDialect(start.head, isWhole && end === bytes, delimiter);
  const headerEnd = new RecordScanner(dialect).advance(start.bytes, 0, 0) ?? start.bytes.length;
  const header = start.bytes.subarray(0, headerEnd);
  const close = async () => {
    await text.return(undefined);
  };
  const facts = { encoding, dialect, header, close };
  if (range === undefined) return { ...facts, text: joined(start.bytes, text) };
  await close();
  const records = asUtf8(await store.read(key, { version, range }), 'utf-8', key, range.start);
  return {
    ...facts,
    text: joined(header, records),
    close: async () => {
      await records.return(undefined);
    },
  };
}

/** Bytes that show the encoding or another format. */
const markBytes = 4;

/** Splits a source into its first bytes, at least four if it has them, and the rest. */
export async function withStart(
  source: AsyncIterable<Uint8Array>,
): Promise<{ start: Uint8Array; rest: AsyncIterable<Uint8Array> }> {
  const chunks = source[Symbol.asyncIterator]();
  let start: Uint8Array = new Uint8Array(0);
  let next = await chunks.next();
  while (!next.done && start.length < markBytes) {
    start = Buffer.concat([start, next.value]);
    if (start.length < markBytes) next = await chunks.next();
  }
  return { start, rest: { [Symbol.asyncIterator]: () => chunks } };
}

async function decodeFile(source: AsyncIterable<Uint8Array>, key: string) {
  const { start, rest } = await withStart(source);
  requireText(start, key, 'a CSV file');
  const encoding = encodingOf(start);
  return { encoding, text: asUtf8(joined(start, rest), encoding, key) };
}

/** Yields `start` and then `rest`, which is closed also if the consumer stops after `start`. */
export async function* joined(
  start: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const chunks = rest[Symbol.asyncIterator]();
  try {
    if (start.length > 0) yield start;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  } finally {
    await chunks.return?.();
  }
}

/**
 * Reads the head of a text: 64 KiB, or more if the first line end comes later. It depends only on
 * the file, never on the chunks, because every piece of a file must have the same dialect.
 */
async function readHead(text: AsyncGenerator<Uint8Array>) {
  const chunks: Uint8Array[] = [];
  let [length, wanted] = [0, headBytes];
  let ended = false;
  while (true) {
    const next = await text.next();
    ended = next.done ?? false;
    if (!next.done) chunks.push(next.value);
    length += next.done ? 0 : next.value.length;
    if (!ended && length < wanted) continue;
    const bytes = Buffer.concat(chunks);
    const lineEnd = firstLineEnd(bytes);
    if (!ended && lineEnd === undefined && length < maxRecordBytes) {
      wanted = 2 * length;
      continue;
    }
    // A CR may be followed by a LF.
    const head = bytes.subarray(0, Math.max(headBytes, (lineEnd ?? length) + 2));
    return { bytes, head, ended };
  }
}
