/** The data formats. To add one, write its row and list it here. */
import { tableOf } from '../../table.ts';
import { csv } from './csv.ts';
import type { Format } from './format.ts';
import { images } from './images.ts';
import { jsonl } from './jsonl.ts';
import { parquet } from './parquet.ts';
import { texts } from './texts.ts';
import { webdataset } from './webdataset.ts';

export const formats = tableOf(webdataset, parquet, csv, jsonl, images, texts);

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
  const name = key.slice(key.lastIndexOf('/') + 1).toLowerCase();
  return extensions.some((extension) => name.endsWith(`.${extension}`));
}
