/** Reads a column of a row group by pages. Each page is checked before hyparquet decodes it. */
import type {
  ColumnMetaData,
  CompressionCodec,
  DecodedArray,
  ParquetParsers,
  SchemaTree,
} from 'hyparquet';
import { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { convert } from 'hyparquet/src/convert.js';
import { isFlatColumn } from 'hyparquet/src/schema.js';
import type { DecodeBudget } from './budget.ts';
import { decompress } from './codecs.ts';
import { readFlatPage } from './flat-page.ts';
import {
  checkDictionaryPage,
  checkPage,
  maxHeaderValues,
  type OpenPage,
  type PageColumn,
  requireCount,
} from './page.ts';
import { endOfStruct } from './thrift.ts';

/** A column to read. */
export interface ChunkColumn {
  readonly metadata: ColumnMetaData;
  /** Elements of the schema from the root to the column. */
  readonly path: readonly SchemaTree[];
  readonly parsers: ParquetParsers;
}

/**
 * Decodes a column of a row group.
 *
 * @param bytes The whole column.
 * @param rows Rows that are needed, from the first of the row group; pages after them are left.
 * @returns the values of its pages.
 * @throws Error if the bytes are damaged, or decoding them takes more memory than the budget.
 */
export function readChunk(
  bytes: Uint8Array<ArrayBuffer>,
  { metadata, path, parsers }: ChunkColumn,
  rows: number,
  budget: DecodeBudget,
): DecodedArray[] {
  const schemaPath = [...path];
  const { element } = schemaPath.at(-1)!;
  const type = element.type!;
  const { codec, path_in_schema: pathInSchema } = metadata;
  const decoder = { pathInSchema, type, element, schemaPath, codec, parsers, utf8: false };
  const plain = { ...decoder, codec: 'UNCOMPRESSED' as const };
  const isFlat = isFlatColumn(schemaPath);
  const pages: DecodedArray[] = [];
  let dictionary: DecodedArray | undefined;
  let offset = 0;
  let read = 0;
  // Some writers leave a byte at the end.
  while (offset < bytes.length - 1 && !(isFlat && read >= rows)) {
    const page = openPage(bytes, offset, codec, budget);
    offset = page.end;
    const column: PageColumn = { type, element, path, dictionarySize: dictionary?.length };
    if (page.header.type === 'DICTIONARY_PAGE') {
      checkDictionaryPage(page, column, budget);
      const values = decodePage(page, plain);
      if (values !== undefined) dictionary = asObjects(convert(values, decoder));
      continue;
    }
    const checked = checkPage(page, column, budget);
    if (isFlat) {
      const values = readFlatPage(page.bytes, checked, decoder, dictionary, rows - read);
      pages.push(values);
      read += values.length;
    } else {
      // hyparquet may append the values to the list of the page before.
      const last = pages.at(-1);
      const values = decodePage(page, plain, dictionary, last);
      if (values !== undefined && values !== last && values.length > 0) pages.push(values);
    }
  }
  return pages;
}

/** Decodes a page with hyparquet. */
function decodePage(
  { header, bytes }: OpenPage,
  decoder: Parameters<typeof readPage>[2],
  dictionary?: DecodedArray,
  last?: DecodedArray,
): DecodedArray | undefined {
  const view = new DataView(bytes.buffer);
  return readPage({ view, offset: 0 }, header, decoder, dictionary, last, 0).data;
}

/** Returns the values of a dictionary as objects, which all rows share. */
function asObjects(values: DecodedArray): DecodedArray {
  // A list that has held null keeps objects: otherwise numbers would be stored by value.
  const objects: unknown[] = [null];
  for (let index = 0; index < values.length; index++) objects[index] = values[index];
  objects.length = values.length;
  return objects;
}

function openPage(
  chunk: Uint8Array<ArrayBuffer>,
  offset: number,
  codec: CompressionCodec,
  budget: DecodeBudget,
): OpenPage {
  const start = endOfStruct(chunk, offset, maxHeaderValues);
  const header = parquetHeader({ view: new DataView(chunk.buffer, chunk.byteOffset), offset });
  const { compressed_page_size, uncompressed_page_size, data_page_header_v2: v2 } = header;
  const stored = requireCount(compressed_page_size, chunk.length - start, 'bytes');
  const size = requireCount(uncompressed_page_size, 2 ** 31, 'bytes after decompression');
  budget.take(size);
  const end = start + stored;
  const body = chunk.subarray(start, end);
  let bytes: Uint8Array<ArrayBuffer>;
  if (header.type === 'DATA_PAGE_V2' && v2 !== undefined) {
    // The levels are not compressed.
    const limit = Math.min(stored, size);
    const repetition = requireCount(v2.repetition_levels_byte_length, limit, 'bytes of levels');
    const definition = requireCount(v2.definition_levels_byte_length, limit, 'bytes of levels');
    const levels = requireCount(repetition + definition, limit, 'bytes of levels');
    const used = v2.is_compressed === false ? 'UNCOMPRESSED' : codec;
    const values = decompress(body.subarray(levels), size - levels, used);
    bytes = new Uint8Array(size);
    bytes.set(body.subarray(0, levels));
    bytes.set(values, levels);
  } else {
    bytes = decompress(body, size, codec);
  }
  const sizes = { compressed_page_size: size, uncompressed_page_size: size };
  return { header: { ...header, ...sizes }, bytes, end };
}
