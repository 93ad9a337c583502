/** The data formats. To add one, write its row and list it here. */
import { tableOf } from '../../table.ts';
import { csv } from './csv.ts';
import type { Format } from './format.ts';
import { images } from './images.ts';
import { parquet } from './parquet.ts';
import { webdataset } from './webdataset.ts';

export const formats = tableOf(webdataset, parquet, csv, images);

/** Name of a format, as in `data.format`. */
export type FormatName = keyof typeof formats;

/** The formats in words: "webdataset: tar archives …; parquet: Parquet files; …". */
export const formatList = Object.values(formats)
  .map(({ name, description }) => `${name}: ${description}`)
  .join('; ');

/**
 * Returns whether an object is data of a format, by its extension. Hidden files and folders (with a
 * name that starts with a dot) never are.
 *
 * @example
 * isDataFile('labeled/a.CSV', formats.csv); // true
 * isDataFile('unlabeled/monday/_SUCCESS', formats.csv); // false
 */
export function isDataFile(key: string, { extensions, ignoresUnderscored }: Format): boolean {
  if (/(^|\/)\./.test(key)) return false;
  if (ignoresUnderscored && /(^|\/)_[^/=]*\//.test(key)) return false;
  const extension = /\.([^./]+)$/.exec(key)?.[1]?.toLowerCase();
  return extension !== undefined && extensions.includes(extension);
}
