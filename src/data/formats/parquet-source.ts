/**
 * Parquet files with the conventions of other tools: columns in the names of folders, names of
 * classes in the metadata, and the index of pandas.
 */
import type { DecodedArray } from 'hyparquet';
import { UserError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import type { UnreadColumn } from '../features/column-report.ts';
import { partitionsOf } from '../partitions.ts';
import { type Column, openParquet, type ParquetFile } from '../tables/parquet-file.ts';
import { classNamesOf, indexColumnsOf } from '../tables/parquet-metadata.ts';
import { describeType, itemType } from '../value-type.ts';

/** The field `task.classes`. */
type ConfigClasses = string | readonly (string | number)[];

/** A column of a source. */
export interface SourceColumn extends Column {
  /**
   * Names of the classes whose numbers, or lists of numbers, the file has in this column; reading
   * gives the names.
   */
  readonly classNames: readonly string[] | undefined;
  /** Whether it is the index of a pandas data frame. */
  readonly isIndex: boolean;
  /** Whether the column is in the names of folders. */
  readonly isFolder: boolean;
}

/**
 * A Parquet file of a set. `readColumns` also throws a UserError if a text is not UTF-8, or a class
 * has no name.
 */
export interface ParquetSource extends Pick<ParquetFile, 'rowGroups' | 'readColumns'> {
  /** The columns of the file, and then those in the names of its folders. */
  readonly columns: readonly SourceColumn[];
  /** Values by column in the names of the folders; null is missing. */
  readonly partitions: ReadonlyMap<string, string | null>;
}

/**
 * Opens a Parquet file of a set.
 *
 * @param classes The classes of the task, if they are known; the name of a file counts as unknown.
 * @throws ParquetError if the object is not a Parquet file.
 * @throws UserError if two columns have one name.
 */
export async function openSource(
  store: ObjectStore,
  object: Pick<ObjectInfo, 'key' | 'version' | 'bytes'>,
  classes?: ConfigClasses,
): Promise<ParquetSource> {
  const { key } = object;
  const file = await openParquet(store, object);
  const partitions = partitionsOf(key);
  const columns = columnsOf(file, key, partitions, classes);
  const byName = new Map(columns.map((column) => [column.name, column]));
  const own = new Set(file.columns.map(({ name }) => name));
  return {
    columns,
    rowGroups: file.rowGroups,
    partitions,
    async readColumns(names, rows) {
      const read = await file.readColumns(
        names.filter((name) => own.has(name)),
        rows,
      );
      const inFolder = (name: string) =>
        new Array<unknown>(rows.end - rows.start).fill(partitions.get(name) ?? null);
      const values = names.map((name): [string, DecodedArray] => {
        const column = byName.get(name);
        const raw = read.get(name) ?? inFolder(name);
        if (column?.type.kind === 'text') requireText(raw, key, name, rows.start);
        return [name, column?.classNames ? withNames(raw, key, column, rows.start) : raw];
      });
      return new Map(values);
    },
  };
}

function columnsOf(
  file: ParquetFile,
  key: string,
  partitions: ReadonlyMap<string, string | null>,
  classes: ConfigClasses | undefined,
): SourceColumn[] {
  const names = file.columns.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new UserError(
      `'${key}' has the column '${twice}' twice.`,
      'Write it again with one of them renamed.',
    );
  }
  const classNames = classNamesOf(file.keyValues);
  const index = indexColumnsOf(file.keyValues);
  const folders = [...partitions.keys()].filter((name) => !names.includes(name));
  const inFolders = folders.map(
    (name): Column => ({ name, type: { kind: 'text' }, nested: false }),
  );
  return [...file.columns, ...inFolders].map((column) => ({
    ...column,
    // A text in the file is a name already.
    classNames:
      itemType(column.type).kind === 'text' && names.includes(column.name)
        ? undefined
        : usableNames(classNames.get(column.name), classes),
    isIndex: index.has(column.name),
    isFolder: folders.includes(column.name),
  }));
}

/** Returns the names, unless the task's classes are numbers that are none of the names. */
function usableNames(
  names: readonly string[] | undefined,
  classes: ConfigClasses | undefined,
): readonly string[] | undefined {
  const known = Array.isArray(classes) ? classes.map(String) : [];
  const areNumbers =
    known.length > 0 && known.every((name) => /^\d+$/.test(name) && !names?.includes(name));
  return areNumbers ? undefined : names;
}

/** Returns the columns that rows cannot have, unless the task names them. */
export function unreadColumns(columns: readonly SourceColumn[]): UnreadColumn[] {
  return columns.flatMap(({ name, type, nested, isIndex }) => {
    if (nested) return { name, reason: `${describeType(type)}; a row has single values` };
    return isIndex ? { name, reason: 'the index of a pandas data frame' } : [];
  });
}

function requireText(values: DecodedArray, key: string, column: string, start: number): void {
  for (let row = 0; row < values.length; row++) {
    const value: unknown = values[row];
    if (!(value instanceof Uint8Array)) continue;
    throw new UserError(
      `Row ${start + row} of '${key}' has a text in the column '${column}' that is not UTF-8: '${Buffer.from(value).toString('latin1')}'.`,
      'Write the file again with its texts in UTF-8.',
    );
  }
}

/** Replaces numbers of classes by names, also in lists; -1, which means "no label", by null. */
function withNames(
  values: DecodedArray,
  key: string,
  { name, classNames = [] }: SourceColumn,
  start: number,
): (string | null | unknown[])[] {
  const nameOf = (value: unknown, row: number): string | null => {
    const number = typeof value === 'string' && !/^-?\d+$/.test(value) ? value : Number(value);
    if (typeof number === 'string') return number;
    if (value === null || value === undefined || Number.isNaN(number) || number === -1) return null;
    const found = classNames[number];
    if (found !== undefined) return found;
    throw new UserError(
      `Row ${start + row} of '${key}' has ${number} in the column '${name}', and the file's metadata names only ${classNames.length} classes: ${classNames.slice(0, 10).join(', ')}.`,
      'Correct the value, or write the file without these names.',
    );
  };
  return Array.from(values, (value: unknown, row) =>
    Array.isArray(value) ? value.map((item: unknown) => nameOf(item, row)) : nameOf(value, row),
  );
}
