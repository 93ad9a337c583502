/**
 * Columns of lists of one length, without missing values. The numbers of a page are contiguous, so
 * that they are copied as a whole; hyparquet takes each number by itself.
 */
import type { FileMetaData, SchemaElement } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import type { ParquetWriter } from 'hyparquet-writer';
import { writeDataPageV2 } from 'hyparquet-writer/src/datapage.js';
import { maxHeaderValues } from '../parquet/page.ts';
import { endOfStruct } from '../parquet/thrift.ts';

/** Bytes per page: the library's default. */
const pageBytes = 2 ** 20;

/**
 * Creates a writer of a column into the last row group.
 *
 * @param schema The elements of the column: the list, its repeated group, the number.
 * @param size Numbers per list.
 * @param groupRows Maximum rows per row group.
 */
export function listWriter(
  name: string,
  schema: readonly SchemaElement[],
  size: number,
  groupRows: number,
) {
  const element = schema.at(-1)!;
  const schemaPath = [{ name: 'root' }, ...schema];
  const column = {
    columnName: `${name}.list.element`,
    ...{ element, schemaPath },
    ...({ codec: 'UNCOMPRESSED', compressors: {}, encoding: 'PLAIN' } as const),
    // No reader uses statistics of lists.
    ...{ stats: false, pageSize: pageBytes, columnIndex: false, offsetIndex: true },
  };
  const rowBytes = size * (element.type_length ?? 4);
  const pageRows = Math.min(groupRows, Math.max(1, Math.floor(pageBytes / rowBytes)));
  // No list is missing or empty. Level 0: the value is the first of its row; 1: it is not.
  const definitionLevels = new Array<number>(pageRows * size).fill(1);
  const repetitionLevels = definitionLevels.map((_, index) => (index % size === 0 ? 0 : 1));

  /** Writes the first rows of a page; returns its size before compression. */
  function writePage({ writer }: ParquetWriter, bytes: Uint8Array): number {
    const count = (bytes.length / rowBytes) * size;
    const whole = { ...element, type: 'FIXED_LEN_BYTE_ARRAY', type_length: bytes.length } as const;
    return writeDataPageV2({
      writer,
      column: { ...column, element: whole },
      encoding: 'PLAIN',
      pageData: {
        values: [bytes],
        definitionLevels: definitionLevels.slice(0, count),
        repetitionLevels: repetitionLevels.slice(0, count),
        maxDefinitionLevel: 1,
      },
    });
  }

  return (writer: ParquetWriter, values: Float32Array | Uint16Array, rows: number): void => {
    const start = writer.writer.offset;
    const all = new Uint8Array(values.buffer, values.byteOffset, rows * rowBytes);
    const pages = [];
    let uncompressed = 0;
    for (let row = 0; row < rows; row += pageRows) {
      const offset = writer.writer.offset;
      uncompressed += writePage(writer, all.subarray(row * rowBytes, (row + pageRows) * rowBytes));
      pages.push({
        offset: BigInt(offset),
        compressed_page_size: writer.writer.offset - offset,
        first_row_index: BigInt(row),
      });
    }
    const bytes = BigInt(writer.writer.offset - start);
    const chunk = {
      meta_data: {
        type: element.type!,
        encodings: ['PLAIN' as const],
        path_in_schema: schema.map((one) => one.name),
        codec: column.codec,
        num_values: BigInt(rows * size),
        total_compressed_size: bytes,
        total_uncompressed_size: BigInt(uncompressed),
        data_page_offset: BigInt(start),
      },
      file_offset: BigInt(start),
    };
    const group = writer.row_groups.at(-1)!;
    group.columns.push(chunk);
    group.total_byte_size += bytes;
    group.total_compressed_size = (group.total_compressed_size ?? 0n) + bytes;
    const offsetIndex = pages.length > 1 ? { page_locations: pages } : undefined;
    writer.pendingIndexes.push({ chunk, ...(offsetIndex && { offsetIndex }) });
  };
}

/** The bytes of a column of lists in a row group. */
export interface ListChunk {
  /** Range in the file. */
  readonly start: number;
  readonly end: number;
  /** Bits of a number. */
  readonly bits: 16 | 32;
}

/** Finds a column that `listWriter` wrote, per row group. @throws Error if it did not. */
export function listChunks({ row_groups }: FileMetaData, name: string): ListChunk[] {
  return row_groups.map(({ columns }) => {
    const found = columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === name)?.meta_data;
    if (found?.codec !== 'UNCOMPRESSED') throw new Error(`it has no column '${name}' of lists`);
    const start = Number(found.data_page_offset);
    return {
      start,
      end: start + Number(found.total_compressed_size),
      bits: found.type === 'FLOAT' ? 32 : 16,
    };
  });
}

/**
 * Takes the numbers out of the bytes of a column of lists.
 *
 * @param length Numbers of all rows.
 * @returns the bits of numbers of 16 bits, or numbers of 32 bits.
 * @throws Error if the bytes are damaged.
 */
export function listNumbers(
  bytes: Uint8Array,
  bits: 16 | 32,
  length: number,
): Float32Array | Uint16Array {
  const numbers = bits === 16 ? new Uint16Array(length) : new Float32Array(length);
  const target = new Uint8Array(numbers.buffer);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = { view, offset: 0 };
  let filled = 0;
  while (reader.offset < bytes.length) {
    endOfStruct(bytes, reader.offset, maxHeaderValues);
    const { data_page_header_v2: page, compressed_page_size: size } = parquetHeader(reader);
    if (page?.encoding !== 'PLAIN' || page.num_nulls > 0) throw new Error('a page is not of lists');
    const levels = page.definition_levels_byte_length + page.repetition_levels_byte_length;
    // Otherwise the next page could be a page that was read already.
    if (!(levels >= 0 && size >= levels)) throw new Error('a page is not of lists');
    const end = reader.offset + size;
    target.set(bytes.subarray(reader.offset + levels, end), filled);
    filled += size - levels;
    reader.offset = end;
  }
  if (filled !== target.length) throw new Error(`its lists have ${filled} bytes`);
  return numbers;
}
