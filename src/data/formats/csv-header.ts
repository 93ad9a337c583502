/** The header of CSV files. */
import { CsvError } from 'csv-parse';
import { UserError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { composeText } from '../compose-text.ts';
import { headerFields } from './csv-fields.ts';
import { type Dialect, maxRecordBytes } from './csv-records.ts';
import { openCsv } from './csv-text.ts';

/**
 * Returns the names of the columns, from the fields of the first record. A column without a name
 * gets the name that pandas gives it, such as 'Unnamed: 0'.
 *
 * @throws UserError if the record looks like data, is one field with several names, or has a name
 *   twice.
 */
export function columnNames(fields: readonly string[], key: string): string[] {
  const names = fields.map((field, index) => composeText(field) || `Unnamed: ${index}`);
  const [first = ''] = names;
  if (/^sep=/i.test(first)) {
    throw new UserError(
      `The first line of '${key}' is '${first}', which only Excel reads.`,
      'Remove this line from every file; the delimiter is found without it.',
    );
  }
  if (/^<(?:!doctype|html|\?xml)/i.test(first)) {
    throw new UserError(
      `'${key}' is not a CSV file but a web page or XML: it starts with '${first.slice(0, 40)}'.`,
      'Download the file again; a page that asks to sign in may have been saved instead.',
    );
  }
  if (names.length === 1 && /[,;\t|]| {2}/.test(first)) {
    throw new UserError(
      `The header of '${key}' is one column, '${first}'.`,
      'Separate the columns with commas, or set data.delimiter in distill.yaml.',
    );
  }
  const number = names.find(isMeasure) ?? (isUnordered(names) ? first : undefined);
  if (number !== undefined) {
    throw new UserError(
      `The first line of '${key}' looks like data, not like the names of columns: it has '${number}'.`,
      'Add a line with the names of the columns to every file.',
    );
  }
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) {
    throw new UserError(
      `The header of '${key}' has the column '${twice}' twice.`,
      'Give every column a name of its own. If the first line is data, add a line with names.',
    );
  }
  return names;
}

/** Returns whether a name is a number that no column is named by: a fraction or below zero. */
function isMeasure(name: string): boolean {
  return /^[+-]?(?:\d*\.\d+|\d+(?:\.\d+)?[eE][+-]?\d+)$/.test(name) || /^-\d+$/.test(name);
}

/** Returns whether all names are integers that do not rise, as names by position or year do. */
function isUnordered(names: readonly string[]): boolean {
  const numbers = names.map((name) => (/^\d+$/.test(name) ? Number(name) : Number.NaN));
  return (
    numbers.length > 1 &&
    numbers.every(Number.isFinite) &&
    numbers.some((number, index) => index > 0 && number <= numbers[index - 1]!)
  );
}

/** Returns the names of a header's columns, or undefined if the file is empty. */
export function namesOfHeader(
  header: Uint8Array,
  dialect: Dialect,
  key: string,
): string[] | undefined {
  try {
    const fields = headerFields(header, dialect);
    return fields.length === 0 ? undefined : columnNames(fields, key);
  } catch (error) {
    throw error instanceof CsvError ? unreadableHeader(key, error) : error;
  }
}

/** Reads the names of a file's columns; undefined if the file is empty. */
export async function readColumnNames(
  store: ObjectStore,
  object: ObjectInfo,
  delimiter: string | undefined,
): Promise<string[] | undefined> {
  const { header, dialect, close } = await openCsv(store, object, delimiter);
  await close();
  return namesOfHeader(header, dialect, object.key);
}

/** Returns the error of a header that the parser cannot read. */
export function unreadableHeader(key: string, error: CsvError): UserError {
  return new UserError(
    `The header of '${key}' cannot be read: ${csvProblem(error)}.`,
    'Correct the first line of the file.',
  );
}

/** Describes an error of the parser in words. */
export function csvProblem({ code, message }: CsvError): string {
  return code === 'CSV_MAX_RECORD_SIZE'
    ? `a record is longer than ${maxRecordBytes / 2 ** 20} MiB, or a quote in it is never closed`
    : message;
}
