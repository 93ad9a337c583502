/** Columns in the names of folders, as Spark, Hive and pyarrow write them: `label=0/a.parquet`. */
import { isSameLabel } from './labels.ts';
import { keyInSet } from './layout.ts';

/** A folder that has a column and its value. */
const partition = /^([^=]+)=(.*)$/s;

/** Name that Hive gives to a missing value. */
const missingValue = '__HIVE_DEFAULT_PARTITION__';

/**
 * Returns the columns in the folders of a key, below the folder of the set. The values are by name;
 * null is missing.
 * @example partitionsOf('labeled/label=caf%C3%A9/part-0.parquet') // Map { 'label' => 'café' }
 */
export function partitionsOf(key: string): Map<string, string | null> {
  const folders = keyInSet(key).split('/').slice(0, -1);
  return new Map(
    folders.flatMap((folder): [string, string | null][] => {
      const [, name, value] = partition.exec(folder) ?? [];
      if (name === undefined || value === undefined) return [];
      return [[decode(name), value === missingValue || value === '' ? null : decode(value)]];
    }),
  );
}

/** Returns the columns in the folders of a key that the file itself does not have. */
export function folderColumns(
  key: string,
  names: readonly string[],
): ReadonlyMap<string, string | null> {
  const own = new Set(names);
  return new Map([...partitionsOf(key)].filter(([name]) => !own.has(name)));
}

/**
 * Returns why a label cannot be right, as a sentence: its file is in a folder of another class.
 * @param inPath The class in the path, if the file also has a column of the class.
 */
export function pathConflict(
  column: string | undefined,
  label: string | undefined,
  inPath: string | undefined,
): string | undefined {
  if (label === undefined || inPath === undefined || isSameLabel(label, inPath)) return undefined;
  return `Its column '${column}' has '${label}', but its path has '${column}=${inPath}'.`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that encodes nothing.
    return text;
  }
}
