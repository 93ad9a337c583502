/** CSV with a header (RFC 4180): comma, double quotes, UTF-8, LF or CR LF. */
import { pipeline, Readable } from 'node:stream';
import { CsvError, type Parser, parse } from 'csv-parse';
import { UserError } from '../../errors.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { ReadConfig } from '../config.ts';
import type { Example, Rejected } from '../example.ts';
import { findColumns, keyInSet } from '../layout.ts';
import type { Piece, SetName, Shard } from '../shard.ts';
import { RecordScanner } from './csv-records.ts';

/** A longer record means a quote that was never closed. */
const maxRecordCharacters = 2 ** 20;

/** Which of a record's fields are the id and the label. */
interface Header {
  readonly names: readonly string[];
  /** -1 where there is none. */
  readonly id: number;
  readonly label: number;
}

export async function* readCsv(
  store: ObjectStore,
  shard: Shard,
  config: ReadConfig,
): AsyncGenerator<Example | Rejected> {
  for (const piece of shard.pieces) yield* readRecords(store, piece, shard.set, config);
}

async function* readRecords(
  store: ObjectStore,
  piece: Piece,
  set: SetName,
  config: ReadConfig,
): AsyncGenerator<Example | Rejected> {
  const file = keyInSet(piece.key);
  const missing = new Set(['', ...config.data.missing]);
  let header: Header | undefined;
  let row = piece.rows?.start ?? 0;
  try {
    for await (const record of await openRecords(store, piece)) {
      // Without the `columns` option, csv-parse gives every record as an array of texts.
      const fields = (record as string[]).map((field) => field.trim());
      if (header === undefined) header = parseHeader(fields, piece.key, set, config);
      else yield toExample(fields, header, `${file}:${row++}`, missing);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    yield {
      id: `${file}:${row}`,
      reason: `The file cannot be read from row ${row} on: ${error.message}.`,
    };
    return;
  }
  if (header === undefined) {
    yield { id: file, reason: 'The file is empty; expected a header and rows.' };
  }
}

/** The header, then the records of the piece. */
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
  config: ReadConfig,
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
  const position = (name: string | undefined) => (name === undefined ? -1 : names.indexOf(name));
  return { names, id: position(id), label: position(label) };
}

function toExample(
  fields: readonly string[],
  { names, id: idAt, label: labelAt }: Header,
  place: string,
  missing: ReadonlySet<string>,
): Example | Rejected {
  if (fields.length !== names.length) {
    const row = Number(place.slice(place.lastIndexOf(':') + 1));
    return {
      id: place,
      reason: `Row ${row} has ${fields.length} fields; expected ${names.length}, as in the header.`,
    };
  }
  const values = fields.map((field) => (missing.has(field) ? null : field));
  const id = idAt < 0 ? place : values[idAt];
  if (id === null || id === undefined) return { id: place, reason: `It has no ${names[idAt]}.` };
  return {
    id,
    label: values[labelAt] ?? undefined,
    content: {
      kind: 'row',
      columns: Object.fromEntries(names.map((name, index) => [name, values[index] ?? null])),
    },
  };
}
