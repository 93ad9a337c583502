/** CSV with a header (RFC 4180): double quotes, UTF-8 or UTF-16; delimiter and line ends vary. */
import { CsvError } from 'csv-parse';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { findColumns, labelColumn } from '../columns.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import type { Example, Rejected } from '../example.ts';
import type { ColumnSample } from '../features/kind.ts';
import { keyInSet } from '../layout.ts';
import { folderColumns, partitionsOf, pathConflict } from '../partitions.ts';
import type { Piece, SetName, Shard } from '../shard.ts';
import { cutCsv } from './csv-cut.ts';
import { columnNames, csvProblem, readColumnNames, unreadableHeader } from './csv-header.ts';
import { csvField } from './csv-records.ts';
import { openCsv, recordsOf } from './csv-text.ts';
import type { DataFile, FormatFiles } from './format.ts';

export const csvFiles: FormatFiles = {
  read: readCsv,
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
  /** The class in the names of folders, if the file also has a column of it. */
  readonly labelInPath: string | undefined;
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
    for await (const fields of recordsOf(await openCsv(store, piece, config.data.delimiter))) {
      if (header === undefined) header = parseHeader(fields.map(trim), piece.key, set, config);
      else {
        if (row - first < sampledRows) sampledCharacters += fields.join().length + 1;
        yield toExample(fields, header, `${file}:${row++}`, missing);
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (header === undefined) throw unreadableHeader(piece.key, error);
    const rowCharacters = sampledCharacters / Math.min(row - first, sampledRows);
    const expected = piece.rows ? piece.rows.end - first : Math.round(piece.bytes / rowCharacters);
    const lost = expected - (row - first);
    yield {
      id: `${file}:${row}`,
      reason: `The file cannot be read from row ${row} on: ${csvProblem(error)}.`,
      ...(lost > 1 && Number.isFinite(lost) && { lost }),
    };
    return;
  }
  if (header === undefined) {
    yield { id: file, reason: 'The file is empty; expected a header and rows.' };
  }
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
  const indexOf = (name: string | undefined) => (name === undefined ? -1 : columns.indexOf(name));
  const labelInPath = label && names.includes(label) ? partitionsOf(key).get(label) : undefined;
  return {
    labelInPath: labelInPath ?? undefined,
    fields,
    columns,
    folderValues,
    id: indexOf(id),
    label: indexOf(label),
  };
}

function toExample(
  fields: readonly string[],
  { fields: header, columns, folderValues, id: idAt, label: labelAt, labelInPath }: Header,
  position: string,
  missing: ReadonlySet<string>,
): Example | Rejected {
  if (
    fields.length === header.length &&
    header.every((name, index) => name === fields[index]?.trim())
  ) {
    return { id: position, reason: 'The row repeats the header.' };
  }
  if (fields.length !== header.length) {
    const row = Number(position.slice(position.lastIndexOf(':') + 1));
    return {
      id: position,
      reason: `Row ${row} has ${fields.length} fields; expected ${header.length}, as in the header.`,
    };
  }
  const all = folderValues.length === 0 ? fields : [...fields, ...folderValues];
  const known = (index: number) => {
    const text = all[index]?.trim();
    return text === undefined || missing.has(text) ? undefined : text;
  };
  const id = idAt < 0 ? position : known(idAt);
  if (id === undefined) return { id: position, reason: `It has no ${columns[idAt]}.` };
  // As they are written: a user-supplied teacher may have learned spaces and "?".
  const written = columns.map((name, index) => [name, all[index]?.trim() ? all[index] : null]);
  // As written: data.missing must not hide a class unnoticed.
  const label = all[labelAt]?.trim();
  const reason = pathConflict(columns[labelAt], label, labelInPath);
  if (reason !== undefined) return { id, reason };
  return { id, label, content: { kind: 'row', columns: Object.fromEntries(written) } };
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
  const rows = examples.map(({ label, content }) => {
    if (content.kind !== 'row') throw new Error('a CSV file holds rows');
    return label === undefined ? content.columns : { ...content.columns, [target]: label };
  });
  const names = Object.keys(rows[0] ?? {});
  const { delimiter = ',' } = config.data;
  const lineOf = (values: readonly (string | number | null | undefined)[]) =>
    values.map((value) => csvField(value ?? '', delimiter)).join(delimiter);
  const lines = rows.map((row) => lineOf(names.map((column) => row[column])));
  const content = `${[lineOf(names), ...lines].join('\n')}\n`;
  return [{ name: `${name}.csv`, bytes: Buffer.from(content) }];
}

async function sampleColumns(
  store: ObjectStore,
  object: ObjectInfo,
  { delimiter }: ColumnsConfig['data'],
): Promise<readonly ColumnSample[] | undefined> {
  const names = await readColumnNames(store, object, delimiter);
  const folders = names && folderColumns(object.key, names);
  return names?.concat(...(folders?.keys() ?? [])).map((name) => ({
    ...{ name, type: { kind: 'text' }, values: [] },
    isFolder: folders?.has(name) ?? false,
  }));
}
