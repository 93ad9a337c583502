/** How a dataset's objects and columns are named: which file is what, and which column is what. */

import { UserError } from '../errors.ts';
import type { DataConfig, ReadConfig, Task } from './config.ts';
import { type SetName, setNames } from './shard.ts';

const extensions: Readonly<Record<DataConfig['format'], readonly string[]>> = {
  webdataset: ['tar'],
  parquet: ['parquet'],
  csv: ['csv'],
  images: ['jpg', 'jpeg', 'png', 'webp'],
};

/** The extensions of the files of a format, lower case, without the dot. */
export function extensionsOf(format: DataConfig['format']): readonly string[] {
  return extensions[format];
}

/**
 * Whether the object is data of this format. Hidden files and folders (a name that starts with a
 * dot) never are, nor is anything with another extension, such as `_SUCCESS`.
 */
export function isDataFile(key: string, format: DataConfig['format']): boolean {
  if (/(^|\/)\./.test(key)) return false;
  const extension = /\.([^./]+)$/.exec(key)?.[1]?.toLowerCase();
  return extension !== undefined && extensions[format].includes(extension);
}

/**
 * The key below the folder of its set: 'unlabeled/monday/a.tar' gives 'monday/a.tar'. Ids start
 * with it, so that they are unique in the whole set and say where the example is.
 */
export function keyInSet(key: string): string {
  const match = belowSet.exec(key);
  return match ? (match[1] ?? '') : key;
}

/** What follows the first segment that names a set. */
const belowSet = new RegExp(`(?:^|/)(?:${setNames.join('|')})(?:/(.*))?$`, 's');

/** The folder of `unlabeled/` that an object lies in: 'monday', or '' for one that lies in none. */
export function batchOf(key: string): string {
  const inSet = keyInSet(key);
  return inSet.slice(0, Math.max(inSet.indexOf('/'), 0));
}

/** The object that is put last: it says that a batch is complete. */
export function markerOf(batch: string): string {
  return batch === '' ? 'unlabeled/_SUCCESS' : `unlabeled/${batch}/_SUCCESS`;
}

/** Whether an object of a dataset is the marker of its batch. */
export function isMarker(key: string): boolean {
  return key === markerOf(batchOf(key));
}

/** The column that holds the class, in Parquet and CSV. */
export function labelColumn(task: Task, data: DataConfig): string {
  return data.label ?? (task.type === 'tabular-classification' ? task.target : 'label');
}

/** The column that holds the id, or undefined where the row's number is the id. */
export function idColumn(columns: readonly string[], data: DataConfig): string | undefined {
  return data.id ?? (columns.includes('id') ? 'id' : undefined);
}

/** Whether the examples of a set must have labels. In unlabeled data they are ignored. */
export function isLabeled(set: SetName): boolean {
  return set !== 'unlabeled';
}

/**
 * Which columns of a Parquet or CSV file hold id and label, if any.
 * @throws UserError when the config names a column for the id, or the set needs one for the label,
 *   that is not there.
 */
export function findColumns(
  key: string,
  columns: readonly string[],
  set: SetName,
  { task, data }: ReadConfig,
): { readonly id: string | undefined; readonly label: string | undefined } {
  const id = idColumn(columns, data);
  if (id !== undefined) requireColumn(key, columns, 'data.id', id);
  if (!isLabeled(set)) return { id, label: undefined };
  const label = labelColumn(task, data);
  const byTarget = data.label === undefined && task.type === 'tabular-classification';
  requireColumn(key, columns, byTarget ? 'task.target' : 'data.label', label);
  return { id, label };
}

/** @throws UserError when the column that `field` of the config names is not there. */
export function requireColumn(
  key: string,
  columns: readonly string[],
  field: string,
  name: string,
): void {
  if (columns.includes(name)) return;
  throw new UserError(
    `'${key}' has no column '${name}' (${field}). Its columns: ${columns.join(', ')}.`,
    `Set ${field} in distill.yaml to one of them.`,
  );
}
