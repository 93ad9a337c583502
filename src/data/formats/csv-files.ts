/** CSV with a header (RFC 4180): double quotes, UTF-8 or UTF-16; delimiter and line ends vary. */
import { CsvError } from 'csv-parse';
import { UserError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { findColumns, labelColumn } from '../columns.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import type { Example, LabelOnly, Rejected } from '../example.ts';
import type { ColumnSample } from '../features/kind.ts';
import type { Cell } from '../features/row-values.ts';
import { nameOf } from '../layout.ts';
import { folderColumns, partitionsOf, pathConflict } from '../partitions.ts';
import type { Piece, SetName, Shard } from '../shard.ts';
import { type NamedCells, namedCells, requireCells } from './content-cells.ts';
import { cutCsv } from './csv-cut.ts';
import { type LongRecord, recordsOf } from './csv-fields.ts';
import { columnNames, csvProblem, readColumnNames, unreadableHeader } from './csv-header.ts';
import { mergedReason, mergedRows } from './csv-merged.ts';
import { csvField, maxRecordBytes } from './csv-records.ts';
import { openCsv } from './csv-text.ts';
import type { DataFile, FormatFiles } from './format.ts';

export const csvFiles: FormatFiles = {
  read: readCsv,
  readLabels,
  write: writeCsv,
  cut: cutCsv,
  sampleColumns,
};

/** Rows whose length is measured, to estimate how many rows a damaged file has lost. */
const sampledRows = 100;

/** The header of a file: its columns, and the indexes of id and label among them. */
interface Header {
  /** The header's fields as they are written; a column without a name has an empty one. */
  readonly fields: readonly string[];
  /** All columns: those in the names of folders follow the fields. */
  readonly columns: readonly string[];
  /** Values of the columns in the names of folders. */
  readonly folderValues: readonly string[];
  /** -1 if there is none. */
  readonly id: number;
  readonly label: number;
  /** The class in the names of folders, if the file also has a column of the class. */
  readonly labelInPath: string | undefined;
  /** A row without values. Rows that are copies of one object take less memory and time. */
  readonly emptyRow: Readonly<Record<string, string | null>>;
  /** The columns that the task names as content, and their indexes; undefined for rows. */
  readonly cells: (NamedCells & { readonly indexes: readonly number[] }) | undefined;
}

function readCsv(
  store: ObjectStore,
  shard: Shard,
  config: ColumnsConfig,
): AsyncGenerator<Example | Rejected> {
  return readRecords(store, shard, config, withContent);
}

function readLabels(
  store: ObjectStore,
  shard: Shard,
  config: ColumnsConfig,
): AsyncGenerator<LabelOnly | Rejected> {
  return readRecords(store, shard, config, (item) => item);
}

/** Makes an item from an id, a label and the values of a row, one value per column. */
type Converter<Item> = (
  item: LabelOnly,
  values: readonly string[],
  header: Header,
) => Item | Rejected;

async function* readRecords<Item extends LabelOnly>(
  store: ObjectStore,
  { pieces, set }: Shard,
  config: ColumnsConfig,
  convert: Converter<Item>,
): AsyncGenerator<Item | Rejected> {
  for (const piece of pieces) {
    const rows = new PieceRows(piece, set, config, convert);
    try {
      const csv = await openCsv(store, piece, config.data.delimiter);
      const { delimiter } = csv.dialect;
      for await (const records of recordsOf(csv)) {
        for (const fields of records) {
          const item = Array.isArray(fields) ? rows.next(fields, delimiter) : rows.skip(fields);
          if (item !== undefined) yield item;
        }
      }
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      yield rows.cutShort(error);
      continue;
    }
    if (rows.isEmpty) yield { id: nameOf(piece), reason: emptyFile };
  }
}

const emptyFile = 'The file is empty; expected a header and rows.';

/** Converts the records of a piece of a file, one after the other. */
class PieceRows<Item extends LabelOnly> {
  readonly #piece: Piece;
  readonly #set: SetName;
  readonly #config: ColumnsConfig;
  readonly #convert: Converter<Item>;
  readonly #file: string;
  readonly #missing: ReadonlySet<string>;
  readonly #first: number;
  #row: number;
  #header: Header | undefined;
  #sampled = 0;
  #sampledBytes = 0;

  constructor(piece: Piece, set: SetName, config: ColumnsConfig, convert: Converter<Item>) {
    this.#piece = piece;
    this.#set = set;
    this.#config = config;
    this.#convert = convert;
    this.#file = nameOf(piece);
    this.#missing = new Set(['', ...config.data.missing]);
    this.#first = piece.rows?.start ?? 0;
    this.#row = this.#first;
  }

  /** Whether there was no header. */
  get isEmpty(): boolean {
    return this.#header === undefined;
  }

  /** Takes the next record; returns undefined for the header. */
  next(fields: readonly string[], delimiter: string): Item | Rejected | undefined {
    if (this.#header === undefined) {
      this.#header = parseHeader(fields.map(trim), this.#piece.key, this.#set, this.#config);
      return undefined;
    }
    if (this.#sampled < sampledRows) {
      this.#sampled++;
      this.#sampledBytes += Buffer.byteLength(fields.join()) + 1;
    }
    const row = this.#row++;
    const lost = mergedRows(fields, delimiter, this.#header.fields.length);
    if (lost === 0) return this.#toItem(fields, this.#header, row);
    const reason = mergedReason(row, lost, delimiter);
    return { id: `${this.#file}:${row}`, reason, lost, isOneRow: true };
  }

  /** Mean bytes of the first rows; 0 before the first. */
  get #rowBytes(): number {
    return this.#sampledBytes / Math.max(1, this.#sampled);
  }

  /**
   * Returns the rejection of a record that is too long. It may be a document in quotes or, after a
   * quote that was closed too late, many rows: as many as usual rows of its size, one per line.
   */
  skip({ bytes, lines }: LongRecord): Rejected {
    const row = this.#row++;
    const lost = Math.min(lines, Math.ceil(bytes / this.#rowBytes));
    const several = lines > 1 ? `, or a quote in it is closed too late: it has ${lines} lines` : '';
    return {
      id: `${this.#file}:${row}`,
      reason: `Row ${row} is longer than ${maxRecordBytes / 2 ** 20} MiB${several}.`,
      ...(lost > 1 && { lost, isOneRow: true }),
    };
  }

  #toItem(written: readonly string[], header: Header, row: number): Item | Rejected {
    const { fields: names, columns, folderValues, id: idAt, label: labelAt } = header;
    const position = `${this.#file}:${row}`;
    const fields = fitToHeader(written, names);
    if (fields.length !== names.length) {
      requireNames(header, fields, this.#piece.key);
      return {
        id: position,
        reason: `Row ${row} has ${fields.length} fields; expected ${names.length}, as in the header.${lengthHint(fields, names)}`,
      };
    }
    if (names.every((name, index) => name === fields[index]?.trim())) {
      return { id: position, reason: 'The row repeats the header.' };
    }
    const values = folderValues.length === 0 ? fields : [...fields, ...folderValues];
    const id = idAt < 0 ? position : values[idAt]?.trim();
    if (id === undefined || (idAt >= 0 && this.#missing.has(id))) {
      return { id: position, reason: `It has no ${columns[idAt]}.` };
    }
    // A text of data.missing stays, because it may be a class: `read.ts` decides.
    const label = values[labelAt]?.trim();
    const reason = pathConflict(columns[labelAt], label, header.labelInPath);
    if (reason !== undefined) return { id, reason };
    return this.#convert({ id, label }, values, header);
  }

  /** Returns the rejection of the rows that were lost to an error of the parser. */
  cutShort(error: CsvError): Rejected {
    const { key, rows, bytes } = this.#piece;
    if (this.#header === undefined) throw unreadableHeader(key, error);
    const read = this.#row - this.#first;
    const expected = rows ? rows.end - this.#first : Math.round(bytes / this.#rowBytes);
    const lost = expected - read;
    return {
      id: `${this.#file}:${this.#row}`,
      reason: `The file cannot be read from row ${this.#row} on: ${csvProblem(error)}.`,
      ...(lost > 1 && Number.isFinite(lost) && { lost }),
    };
  }
}

/** @throws UserError if the header is one text above a table, such as a title or a comment. */
function requireNames({ fields: names }: Header, fields: readonly string[], key: string): void {
  const [name = ''] = names;
  if (names.length > 1 || fields.length === 1 || fields.slice(1).every((field) => !field)) return;
  throw new UserError(
    `The first line of '${key}' is one text, '${shortened(name)}', and a later line has ${fields.length} fields.`,
    'Remove titles and comments above the line with the names of the columns, or set data.delimiter in distill.yaml.',
  );
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function parseHeader(
  fields: readonly string[],
  key: string,
  set: SetName,
  config: ColumnsConfig,
): Header {
  const names = columnNames(fields, key);
  const folders = folderColumns(key, names);
  const columns = [...names, ...folders.keys()];
  const folderValues = [...folders.values()].map((value) => value ?? '');
  const { id, label } = findColumns(key, columns, set, config);
  requireCells(key, columns, config.task, label);
  const cells = namedCells(config);
  const indexOf = (name: string | undefined) => (name === undefined ? -1 : columns.indexOf(name));
  const emptyRow = Object.fromEntries(columns.map((name) => [name, null]));
  const labelInPath = label && names.includes(label) ? partitionsOf(key).get(label) : undefined;
  return {
    labelInPath: labelInPath ?? undefined,
    fields,
    columns,
    folderValues,
    id: indexOf(id),
    label: indexOf(label),
    emptyRow,
    cells: cells && { ...cells, indexes: cells.names.map(indexOf) },
  };
}

/** Removes empty fields at the end, and adds those of columns without a name in the header. */
function fitToHeader(fields: readonly string[], names: readonly string[]): readonly string[] {
  if (fields.length === names.length) return fields;
  const isEmptyEnd = fields.slice(names.length).every((field) => field.trim() === '');
  const isUnnamedEnd = names.slice(fields.length).every((name) => name === '');
  if (!isEmptyEnd || !isUnnamedEnd) return fields;
  return names.map((_, index) => fields[index] ?? '');
}

/** Returns a likely reason why a row has another number of fields than the header. */
function lengthHint(fields: readonly string[], names: readonly string[]): string {
  if (fields.some((field) => /^ +"/.test(field))) {
    return ' A quote after a space is a character of the text: remove the space.';
  }
  return fields.length === names.length + 1
    ? ' If all rows have, the header lacks a name, as in files of R with names of rows.'
    : '';
}

function withContent(
  item: LabelOnly,
  values: readonly string[],
  header: Header,
): Example | Rejected {
  const { cells } = header;
  if (cells === undefined) return withRow(item, values, header);
  const content = cells.read(cells.indexes.map((index) => values[index] ?? null));
  return typeof content === 'string' ? { id: item.id, reason: content } : { ...item, content };
}

/** Adds the row as it is written, because a user-supplied teacher may have learned spaces. */
function withRow(
  { id, label }: LabelOnly,
  values: readonly string[],
  { columns, emptyRow }: Header,
): Example {
  const row = { ...emptyRow };
  for (const [index, name] of columns.entries()) {
    const value = values[index]!;
    if (value.trim() !== '') row[name] = value;
  }
  return { id, label, content: { kind: 'row', columns: row } };
}

function trim(text: string): string {
  return text.trim();
}

async function writeCsv(
  examples: readonly Example[],
  name: string,
  config: ColumnsConfig,
): Promise<DataFile[]> {
  const target = labelColumn(config.task, config.data);
  const cells = namedCells(config);
  const idName = config.data.id ?? 'id';
  const rows = examples.map(({ id, label, content }): Record<string, Cell> => {
    const columns =
      content.kind === 'row' ? content.columns : cells && { [idName]: id, ...cells.write(content) };
    if (columns === undefined) throw new Error(`a CSV file cannot hold a ${content.kind}`);
    return label === undefined ? columns : { ...columns, [target]: label };
  });
  const names = Object.keys(rows[0] ?? {});
  const { delimiter = ',' } = config.data;
  const lineOf = (values: readonly (string | number | null | undefined)[]) =>
    values.map((value) => csvField(value ?? '', delimiter)).join(delimiter);
  const lines = rows.map((row) => lineOf(names.map((column) => row[column])));
  const content = `${[lineOf(names), ...lines].join('\n')}\n`;
  return [{ name: `${name}.csv`, bytes: Buffer.from(content) }];
}

/** Rows that are sampled of a file. */
const rowsInSample = 1_000;

async function sampleColumns(
  store: ObjectStore,
  object: ObjectInfo,
  { delimiter }: ColumnsConfig['data'],
): Promise<readonly ColumnSample[] | undefined> {
  const names = await readColumnNames(store, object, delimiter);
  if (names === undefined) return undefined;
  const rows = await firstRows(store, object, delimiter);
  const folders = folderColumns(object.key, names);
  return [...names, ...folders.keys()].map((name, index) => ({
    ...{ name, type: { kind: 'text' } },
    // Columns of folders follow the fields.
    values: index < names.length ? rows.map((fields) => fields[index] ?? '') : [],
    isFolder: folders.has(name),
  }));
}

/** Reads the first rows of a file; those before an error, which reading reports. */
async function firstRows(
  store: ObjectStore,
  object: ObjectInfo,
  delimiter: string | undefined,
): Promise<readonly string[][]> {
  const rows: string[][] = [];
  try {
    for await (const records of recordsOf(await openCsv(store, object, delimiter))) {
      rows.push(...records.filter((record) => Array.isArray(record)));
      if (rows.length > rowsInSample) break;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
  }
  return rows.slice(1, rowsInSample + 1);
}
