/** CSV with a header (RFC 4180): comma, double quotes, UTF-8, LF or CR LF. */
import { pipeline, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CsvError, type Parser, parse } from 'csv-parse';
import { parse as parseText } from 'csv-parse/sync';
import { UserError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { findColumns, labelColumn } from '../columns.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import type { Example, Rejected } from '../example.ts';
import type { ColumnSample } from '../features/kind.ts';
import { keyInSet } from '../layout.ts';
import { type Piece, type SetName, type Shard, wholePiece } from '../shard.ts';
import { csvField, RecordScanner } from './csv-records.ts';
import type { DataFile, FormatFiles, SizedPiece } from './format.ts';

/** Maximum number of characters of a record; a longer one probably has an unclosed quote. */
const maxRecordCharacters = 2 ** 20;

export const csvFiles: FormatFiles = {
  read: readCsv,
  write: writeCsv,
  cut: cutCsv,
  sampleColumns,
};

/** Rows whose length is measured, to estimate how many rows a damaged file has lost. */
const sampledRows = 100;

/** Names of a record's fields, and the indexes of id and label among them. */
interface Header {
  readonly names: readonly string[];
  /** -1 if there is none. */
  readonly id: number;
  readonly label: number;
}

async function* readCsv(
  store: ObjectStore,
  shard: Shard,
  config: ColumnsConfig,
): AsyncGenerator<Example | Rejected> {
  for (const piece of shard.pieces) yield* readRecords(store, piece, shard.set, config);
}

async function* readRecords(
  store: ObjectStore,
  piece: Piece,
  set: SetName,
  config: ColumnsConfig,
): AsyncGenerator<Example | Rejected> {
  const file = keyInSet(piece.key);
  const missing = new Set(['', ...config.data.missing]);
  let header: Header | undefined;
  const first = piece.rows?.start ?? 0;
  let row = first;
  let sampledCharacters = 0;
  try {
    for await (const record of await openRecords(store, piece)) {
      // Without the `columns` option, csv-parse gives every record as an array of texts.
      const fields = record as string[];
      if (header === undefined) header = parseHeader(fields.map(trim), piece.key, set, config);
      else {
        if (row - first < sampledRows) sampledCharacters += fields.join().length + 1;
        yield toExample(fields, header, `${file}:${row++}`, missing);
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const rowCharacters = sampledCharacters / Math.min(row - first, sampledRows);
    const expected = piece.rows ? piece.rows.end - first : Math.round(piece.bytes / rowCharacters);
    const lost = expected - (row - first);
    yield {
      id: `${file}:${row}`,
      reason: `The file cannot be read from row ${row} on: ${error.message}.`,
      ...(lost > 1 && Number.isFinite(lost) && { lost }),
    };
    return;
  }
  if (header === undefined) {
    yield { id: file, reason: 'The file is empty; expected a header and rows.' };
  }
}

/** Opens the header, followed by the records of the piece. */
async function openRecords(store: ObjectStore, piece: Piece): Promise<Parser> {
  const source =
    piece.range === undefined
      ? await store.read(piece.key, { version: piece.version })
      : Readable.from(headerAndRange(store, piece, piece.range), { objectMode: false });
  const parser = parse({
    bom: true,
    record_delimiter: ['\r\n', '\n'],
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: maxRecordCharacters,
  });
  // Errors reach the reader through the parser, which is destroyed with them.
  pipeline(source, parser, () => {});
  return parser;
}

async function* headerAndRange(
  store: ObjectStore,
  { key, version }: Piece,
  range: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  const scanner = new RecordScanner();
  for await (const chunk of await store.read(key, {
    version,
    range: { start: 0, end: range.start },
  })) {
    const end = scanner.advance(chunk, 0, 0);
    yield end === undefined ? chunk : chunk.subarray(0, end);
    if (end !== undefined) break;
  }
  yield* await store.read(key, { version, range });
}

function parseHeader(
  names: readonly string[],
  key: string,
  set: SetName,
  config: ColumnsConfig,
): Header {
  const [first = ''] = names;
  if (names.length === 1 && /[;\t|]/.test(first)) {
    throw new UserError(
      `The header of '${key}' is one column, '${first}'.`,
      'Separate the columns with commas.',
    );
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new UserError(`The header of '${key}' has the column '${twice}' twice.`);
  }
  const { id, label } = findColumns(key, names, set, config);
  const indexOf = (name: string | undefined) => (name === undefined ? -1 : names.indexOf(name));
  return { names, id: indexOf(id), label: indexOf(label) };
}

function toExample(
  fields: readonly string[],
  { names, id: idAt, label: labelAt }: Header,
  position: string,
  missing: ReadonlySet<string>,
): Example | Rejected {
  if (fields.length !== names.length) {
    const row = Number(position.slice(position.lastIndexOf(':') + 1));
    return {
      id: position,
      reason: `Row ${row} has ${fields.length} fields; expected ${names.length}, as in the header.`,
    };
  }
  const known = (index: number) => {
    const text = fields[index]?.trim();
    return text === undefined || missing.has(text) ? undefined : text;
  };
  const id = idAt < 0 ? position : known(idAt);
  if (id === undefined) return { id: position, reason: `It has no ${names[idAt]}.` };
  // As they are written: a user-supplied teacher may have learned spaces and "?".
  const written = names.map((name, index) => [name, fields[index]?.trim() ? fields[index] : null]);
  const columns = Object.fromEntries(written);
  // As written: data.missing must not hide a class unnoticed.
  return { id, label: fields[labelAt]?.trim(), content: { kind: 'row', columns } };
}

function trim(text: string): string {
  return text.trim();
}

/** Scans files above the limit once; smaller ones are only listed. */
async function* cutCsv(
  store: ObjectStore,
  objects: AsyncIterable<ObjectInfo>,
  limitBytes: number,
): AsyncGenerator<SizedPiece> {
  for await (const object of objects) {
    if (object.bytes > limitBytes) yield* cutLargeFile(store, object, limitBytes);
    else yield { piece: wholePiece(object), sizeBytes: object.bytes };
  }
}

/** Cuts a file at ends of records into parts of about equal size. */
async function* cutLargeFile(
  store: ObjectStore,
  object: ObjectInfo,
  limitBytes: number,
): AsyncGenerator<SizedPiece> {
  const partBytes = object.bytes / Math.ceil(object.bytes / limitBytes);
  const scanner = new RecordScanner();
  // The first cut is the end of the header, which belongs to no part.
  let start: { offset: number; row: number } | undefined;
  const cut = (): SizedPiece | undefined => {
    const end = { offset: scanner.offset, row: scanner.records - 1 };
    const from = start;
    start = end;
    if (from === undefined || end.row === from.row) return undefined;
    const rows = { start: from.row, end: end.row };
    const range = { start: from.offset, end: end.offset };
    return { piece: { ...wholePiece(object), rows, range }, sizeBytes: range.end - range.start };
  };
  for await (const chunk of await store.read(object.key, { version: object.version })) {
    let at: number | undefined = 0;
    while (at !== undefined) {
      at = scanner.advance(chunk, at, start === undefined ? 0 : start.offset + partBytes);
      if (at === undefined) break;
      const piece = cut();
      if (piece !== undefined) yield piece;
    }
  }
  scanner.finish();
  const last = start === undefined ? { piece: wholePiece(object), sizeBytes: object.bytes } : cut();
  if (last !== undefined) yield last;
}

async function writeCsv(
  examples: readonly Example[],
  name: string,
  config: ColumnsConfig,
): Promise<DataFile[]> {
  const target = labelColumn(config.task, config.data);
  const rows = examples.map(({ label, content }) => {
    if (content.kind !== 'row') throw new Error('a CSV file holds rows');
    return label === undefined ? content.columns : { ...content.columns, [target]: label };
  });
  const names = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => names.map((column) => csvField(row[column] ?? '')).join());
  const content = `${[names.map(csvField).join(), ...lines].join('\n')}\n`;
  return [{ name: `${name}.csv`, bytes: Buffer.from(content) }];
}

/** Upper bound on the size of a CSV header. */
const maxHeaderBytes = 65_536;

async function sampleColumns(
  store: ObjectStore,
  { key, version, bytes }: ObjectInfo,
): Promise<readonly ColumnSample[]> {
  const range = { start: 0, end: Math.min(bytes, maxHeaderBytes) };
  const head = await text(await store.read(key, { version, range }));
  const records: string[][] = parseText(head, { bom: true, to: 1, trim: true });
  const [header] = records;
  if (header === undefined) throw new UserError(`'${key}' is empty; expected a header and rows.`);
  return header.map((name) => ({ name, type: { kind: 'text' }, values: [] }));
}
