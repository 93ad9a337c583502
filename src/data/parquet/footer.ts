/** Reads the footer of a Parquet file, and checks what it states before anything relies on it. */
import {
  type ColumnMetaData,
  type FileMetaData,
  parquetMetadata,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from 'hyparquet';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import { z } from 'zod';
import { endOfStruct } from './thrift.ts';

/** Reads bytes of the file, half-open. */
export type RangeReader = (start: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;

/** Bytes at the end of the file that are read first: the whole footer of most files. */
const tailBytes = 2 ** 19;

/** Bytes of the smallest file: the marks at both ends and the length of the footer. */
const minBytes = 12;

/** Maximum size of a footer. */
const maxFooterBytes = 64 * 2 ** 20;

/** Maximum number of values in a footer; a column of a row group takes up to 40. */
const maxFooterValues = 8_000_000;

/** Maximum depth of columns in columns. */
const maxColumnDepth = 32;

/** Maximum bytes of a decimal, which are 76 digits. */
export const maxDecimalBytes = 32;

/** Maximum rows of a row group, and values of a column in it. */
const maxGroupRows = 2 ** 31;

/** Limit on the rows of a file: `free` for any file, and `perByte` more per byte of the file. */
const rowLimits = { free: 2 ** 22, perByte: 16 };

/** Mark at the start and at the end of a file that is not encrypted. */
export const fileMark = 'PAR1';

/** Footer of a file. */
export interface Footer {
  readonly metadata: FileMetaData;
  /** Bytes of the metadata, their length and the mark at the end of the file. */
  readonly bytes: Uint8Array;
}

/** @throws Error if the bytes are not the footer of a Parquet file of this size. */
export async function readFooter(read: RangeReader, fileBytes: number): Promise<Footer> {
  if (fileBytes < minBytes) throw new Error(`it has only ${fileBytes} bytes`);
  const tail = await read(Math.max(0, fileBytes - tailBytes), fileBytes);
  const mark = Buffer.from(tail.subarray(-4)).toString('latin1');
  if (mark === 'PARE') throw new Error('it is encrypted');
  if (mark !== fileMark) throw new Error(`it does not end with '${fileMark}'`);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const length = view.getUint32(tail.length - 8, true);
  if (length > fileBytes - 8) throw new Error(`its footer of ${length} bytes is cut off`);
  if (length > maxFooterBytes) {
    throw new Error(`its footer has ${length} bytes, and may have ${maxFooterBytes}`);
  }
  const withEnd = length + 8;
  const footer =
    withEnd <= tail.length ? tail.slice(-withEnd) : await read(fileBytes - withEnd, fileBytes);
  const metadata = parseFooter(footer);
  checkRowGroups(metadata, fileBytes);
  return { metadata, bytes: footer };
}

function parseFooter(footer: Uint8Array): FileMetaData {
  endOfStruct(footer, 0, maxFooterValues);
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  checkDecimals(deserializeTCompactProtocol({ view, offset: 0 }));
  try {
    return parquetMetadata(footer, { geoparquet: false });
  } catch {
    throw new Error('its footer is damaged');
  }
}

/** Numbers of the types in parquet.thrift. */
const byteArrayType = 6;
const decimalType = 5;

const bytesSchema = z.instanceof(Uint8Array).optional();
const rawSchema = z.object({
  field_2: z.array(z.object({ field_1: z.number().optional(), field_6: z.number().optional() })),
});
const rawStatisticsSchema = z.object({
  field_4: z.array(
    z.object({
      field_1: z.array(
        z.object({
          field_3: z.object({ field_12: z.record(z.string(), z.unknown()).optional() }).optional(),
        }),
      ),
    }),
  ),
});

/** Refuses statistics of decimals that hyparquet would convert in quadratic time. */
function checkDecimals(raw: unknown): void {
  const schema = rawSchema.safeParse(raw);
  if (!schema.success) throw new Error('its footer is damaged');
  const leaves = schema.data.field_2.filter(({ field_1 }) => field_1 !== undefined);
  const areDecimals = leaves.map(
    ({ field_1, field_6 }) => field_6 === decimalType && field_1 !== byteArrayType,
  );
  if (!areDecimals.includes(true)) return;
  const groups = rawStatisticsSchema.safeParse(raw);
  if (!groups.success) throw new Error('its footer is damaged');
  for (const { field_1: columns } of groups.data.field_4) {
    for (const [index, { field_3: column }] of columns.entries()) {
      if (areDecimals[index] !== true) continue;
      const values = Object.values(column?.field_12 ?? {});
      if (
        values.some((value) => (bytesSchema.safeParse(value).data?.length ?? 0) > maxDecimalBytes)
      ) {
        throw new Error('its footer has a decimal that is too long');
      }
    }
  }
}

/** @throws Error if a row group lacks a column, or is not within the file. */
function checkRowGroups(metadata: FileMetaData, fileBytes: number): void {
  const leaves = leavesOf(metadata);
  let rows = 0;
  for (const [index, group] of metadata.row_groups.entries()) {
    const where = `row group ${index + 1}`;
    rows += countOf(group.num_rows, maxGroupRows, `the rows of ${where}`);
    if (group.columns.length !== leaves.length) {
      throw new Error(`${where} has ${group.columns.length} columns, and not ${leaves.length}`);
    }
    for (const [column, leaf] of leaves.entries()) {
      checkColumn(group, column, leaf, where, fileBytes);
    }
  }
  const limit = rowLimits.free + rowLimits.perByte * fileBytes;
  if (rows > limit) {
    throw new Error(
      `it has ${rows} rows in ${fileBytes} bytes, and at most ${limit} are read of a file of this size`,
    );
  }
}

function checkColumn(
  group: RowGroup,
  index: number,
  leaf: SchemaTree,
  where: string,
  fileBytes: number,
): void {
  const { file_path, meta_data: column } = group.columns[index]!;
  const name = leaf.path.join('.');
  if (file_path) throw new Error(`the column '${name}' of ${where} is in another file`);
  if (column === undefined) throw new Error(`the column '${name}' of ${where} is not described`);
  if (column.path_in_schema.join('.') !== name || column.type !== leaf.element.type) {
    throw new Error(`column ${index + 1} of ${where} is not '${name}'`);
  }
  countOf(column.num_values, maxGroupRows, `the values of '${name}' in ${where}`);
  const { start, end } = chunkSpan(column, fileBytes);
  if (!(start >= 0 && start <= end && end <= fileBytes)) {
    throw new Error(
      `the column '${name}' of ${where} is at the bytes ${start} to ${end}, and the file has ${fileBytes}`,
    );
  }
}

/** Returns where a column of a row group is in the file, half-open. */
export function chunkSpan(
  { dictionary_page_offset, data_page_offset, total_compressed_size }: ColumnMetaData,
  fileBytes: number,
): { start: number; end: number } {
  const start = countOf(dictionary_page_offset || data_page_offset, fileBytes, 'an offset');
  return { start, end: start + countOf(total_compressed_size, fileBytes, 'a size') };
}

/** Converts an integer of 64 bits. @throws Error if it is another value, negative or too large. */
function countOf(value: unknown, limit: number, what: string): number {
  if (typeof value === 'bigint' && value >= 0n && value <= BigInt(limit)) return Number(value);
  throw new Error(`${what} are ${String(value)}, and at most ${limit} are possible`);
}

/** Returns the columns with values. @throws Error if the schema is not a tree of columns. */
function leavesOf(metadata: FileMetaData): SchemaTree[] {
  checkSchema(metadata);
  const leaves: SchemaTree[] = [];
  const visit = (node: SchemaTree) => {
    if (node.children.length > 0) node.children.forEach(visit);
    else if (node.element.type !== undefined) leaves.push(node);
    else throw new Error(`its column '${node.path.join('.')}' has no type`);
  };
  parquetSchema(metadata).children.forEach(visit);
  return leaves;
}

/** Checks the numbers of children, by which hyparquet makes the tree. */
function checkSchema({ schema }: FileMetaData): void {
  /** Children that are still to come, per level. */
  const open: number[] = [1];
  for (const { name, num_children = 0, type_length = 1 } of schema) {
    const isCount = Number.isSafeInteger(num_children) && num_children >= 0;
    if (typeof name !== 'string' || !isCount || !(type_length > 0)) {
      throw new Error('its schema is damaged');
    }
    while (open.at(-1) === 0) open.pop();
    if (open.length === 0) throw new Error('its schema has columns outside of its columns');
    open[open.length - 1]! -= 1;
    open.push(num_children);
    if (open.length > maxColumnDepth) throw new Error('its columns are nested too deeply');
  }
  if (open.some((count) => count > 0)) throw new Error('its schema lacks columns');
}
