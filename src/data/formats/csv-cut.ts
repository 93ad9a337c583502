/** Checks CSV files, and cuts large ones at the ends of records. */
import type { ObjectInfo } from '../../store/store.ts';
import { readAhead } from '../ahead.ts';
import { folderColumns } from '../partitions.ts';
import { wholePiece } from '../shard.ts';
import { namesOfHeader } from './csv-header.ts';
import { RecordScanner } from './csv-records.ts';
import { type CsvText, openCsv } from './csv-text.ts';
import type { FormatCutter, SizedPiece } from './format.ts';

/** Files read at the same time. */
const parallelFiles = 8;

/** Small files are checked up to this many bytes in all; of the others, only their heads are. */
const maxCheckedBytes = 2 ** 32;

/**
 * Reads every file once: its columns, whether it is text in UTF-8 or UTF-16 and, if it is larger
 * than the limit, where its records end. A file in UTF-16 is never divided.
 */
export const cutCsv: FormatCutter = async function* cutCsv(store, objects, limitBytes, data) {
  let checkedBytes = 0;
  const cut = async (object: ObjectInfo): Promise<SizedPiece[]> => {
    const csv = await openCsv(store, object, data.delimiter);
    const columns = namesOfHeader(csv.header, csv.dialect, object.key);
    const facts =
      columns === undefined
        ? {}
        : { columns: [...columns, ...folderColumns(object.key, columns).keys()] };
    if (object.bytes > limitBytes && csv.encoding === 'utf-8') {
      return (await cutFile(object, csv, limitBytes)).map((piece) => ({ ...piece, ...facts }));
    }
    checkedBytes += object.bytes;
    if (checkedBytes > maxCheckedBytes) await csv.close();
    else for await (const _ of csv.text); // Only to check it.
    return [{ piece: wholePiece(object), sizeBytes: object.bytes, ...facts }];
  };
  for await (const pieces of readAhead(objects, parallelFiles, cut)) yield* pieces;
};

/** Cuts a file at the ends of records, into parts of about equal size. */
async function cutFile(
  object: ObjectInfo,
  { dialect, text }: CsvText,
  limitBytes: number,
): Promise<SizedPiece[]> {
  const pieces: SizedPiece[] = [];
  const partBytes = object.bytes / Math.ceil(object.bytes / limitBytes);
  const scanner = new RecordScanner(dialect);
  // The first cut is the end of the header, which belongs to no part.
  let start: { offset: number; row: number } | undefined;
  const cut = () => {
    const end = { offset: scanner.offset, row: scanner.records - 1 };
    const from = start;
    start = end;
    if (from === undefined || end.row === from.row) return;
    const rows = { start: from.row, end: end.row };
    const range = { start: from.offset, end: end.offset };
    pieces.push({
      piece: { ...wholePiece(object), rows, range },
      sizeBytes: range.end - range.start,
    });
  };
  for await (const chunk of text) {
    let at: number | undefined = 0;
    while (at !== undefined) {
      at = scanner.advance(chunk, at, start === undefined ? 0 : start.offset + partBytes);
      if (at !== undefined) cut();
    }
  }
  scanner.finish();
  if (start === undefined) return [{ piece: wholePiece(object), sizeBytes: object.bytes }];
  cut();
  return pieces;
}
