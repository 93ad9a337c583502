import {
  type AsyncBuffer,
  type DecodedArray,
  type FileMetaData,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { fromFloat16 } from '../../float16.ts';
import { bytesOf } from '../../store/bytes.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { isScalar, type ValueType } from '../value-type.ts';
import { listChunks, listNumbers } from './list-pages.ts';
import { valueTypeOf } from './parquet-type.ts';
import { openSeal, type SealCheck, spanOf } from './seal.ts';

/** Error of an object that is not a readable Parquet file. Never an error of the store. */
export class ParquetError extends Error {
  override readonly name = 'ParquetError';
}

/** Bytes of the smallest file: the marks at both ends and the length of the footer. */
const minBytes = 12;

export interface RowGroup {
  /** Rows of the file, half-open. */
  readonly start: number;
  readonly end: number;
  /** Compressed size of its columns. */
  readonly bytes: number;
}

/** A top-level column. `nested` columns hold lists or structs. */
export interface Column {
  readonly name: string;
  readonly type: ValueType;
  readonly nested: boolean;
}

export interface ParquetFile {
  readonly columns: readonly Column[];
  readonly rowGroups: readonly RowGroup[];
  /** The file's key-value metadata. */
  readonly keyValues: ReadonlyMap<string, string>;
  /** Program that wrote the file, if it states one. */
  readonly createdBy: string | undefined;
  /**
   * Reads columns of one row group, or of a part of its rows, by name. Byte arrays that are not
   * marked as text stay bytes, and so does a text that is not UTF-8.
   * @throws ParquetError if the bytes are damaged.
   */
  readColumns(
    names: readonly string[],
    rows: Pick<RowGroup, 'start' | 'end'>,
  ): Promise<ReadonlyMap<string, DecodedArray>>;
  /**
   * Reads a column of lists of one length that `parquet-table.ts` wrote: many times faster.
   *
   * @param group Index of the row group.
   * @returns the numbers row-major, [rows, size].
   * @throws ParquetError if the bytes are damaged, or were written otherwise.
   */
  readLists(name: string, group: number, size: number): Promise<Float32Array>;
  /**
   * Reads all bytes and checks them against the file's seal, one column of a row group at a time.
   * @returns false if the file has no seal.
   * @throws ParquetError if the bytes were changed.
   */
  checkBytes(): Promise<boolean>;
}

/**
 * Opens a Parquet file in a store by reading its footer. Columns are read later, by byte ranges.
 * @throws ParquetError if the object is not a Parquet file.
 */
export async function openParquet(
  store: ObjectStore,
  object: Pick<ObjectInfo, 'key' | 'version' | 'bytes'>,
): Promise<ParquetFile> {
  const { file, attempt, checkBy } = rangeReader(store, object);
  const { metadata, scan, isSealed } = await attempt(async () => {
    if (object.bytes < minBytes) throw new Error(`it has only ${object.bytes} bytes`);
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    const check = openSeal(metadata);
    checkBy(check);
    const options = { file, metadata, compressors, parsers, utf8: false, useOffsetIndex: false };
    return { metadata, scan: await parquetScan(options), isSealed: check !== undefined };
  });
  return {
    columns: parquetSchema(metadata).children.map((node) => {
      const type = valueTypeOf(node);
      return { name: node.element.name, type, nested: !isScalar(type) };
    }),
    rowGroups: rowGroupsOf(metadata),
    createdBy: metadata.created_by,
    keyValues: new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? ''])),
    readColumns: (names, { start, end }) =>
      attempt(async () => {
        const range = { rowStart: start, rowEnd: end };
        return new Map(
          await Promise.all(
            names.map(async (column) => {
              const values = await scan.readColumn({ column, ...range });
              if (values.length !== end - start) {
                throw new Error(`column '${column}' has ${values.length} values`);
              }
              return [column, values] as const;
            }),
          ),
        );
      }),
    readLists: (name, group, size) =>
      attempt(async () => {
        const { start, end, bits } = listChunks(metadata, name)[group]!;
        const rows = Number(metadata.row_groups[group]!.num_rows);
        const bytes = new Uint8Array(await file.slice(start, end));
        const numbers = listNumbers(bytes, bits, rows * size);
        return numbers instanceof Uint16Array ? fromFloat16(numbers) : numbers;
      }),
    checkBytes: () =>
      attempt(async () => {
        if (!isSealed) return false;
        for (const chunk of metadata.row_groups.flatMap(({ columns }) => columns)) {
          const { start, end } = spanOf(chunk);
          await file.slice(start, end);
        }
        return true;
      }),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const parsers = {
  stringFromBytes(bytes: Uint8Array | undefined): string | Uint8Array | undefined {
    try {
      return bytes && utf8.decode(bytes);
    } catch {
      return bytes;
    }
  },
};

function rowGroupsOf(metadata: FileMetaData): RowGroup[] {
  let start = 0;
  return metadata.row_groups.map((group) => {
    const end = start + Number(group.num_rows);
    const bytes = group.columns.reduce(
      (sum, { meta_data }) => sum + Number(meta_data?.total_compressed_size ?? 0),
      0,
    );
    const rows = { start, end, bytes };
    start = end;
    return rows;
  });
}

/**
 * Adapts an object for hyparquet. `attempt` runs an action of hyparquet's: errors of the store pass
 * through, and errors about the content become ParquetErrors. After `checkBy`, all bytes are
 * checked.
 */
function rangeReader(
  store: ObjectStore,
  { key, version, bytes }: Pick<ObjectInfo, 'key' | 'version' | 'bytes'>,
) {
  let storeError: unknown;
  let check: SealCheck | undefined;
  const file: AsyncBuffer = {
    byteLength: bytes,
    async slice(start, end = bytes) {
      if (!(start >= 0 && start <= end && end <= bytes)) {
        throw new Error(`the file points at bytes ${start} to ${end}, but has only ${bytes}`);
      }
      if (start === end) return new ArrayBuffer(0);
      let exact: Uint8Array<ArrayBuffer>;
      try {
        const read = await bytesOf(await store.read(key, { version, range: { start, end } }));
        // A Node buffer may be a view of a larger one; hyparquet needs exactly the range.
        exact = new Uint8Array(read.length);
        exact.set(read);
      } catch (error) {
        storeError ??= error;
        throw error;
      }
      check?.({ start, end }, exact);
      return exact.buffer;
    },
  };
  async function attempt<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (error) {
      if (storeError !== undefined) throw storeError;
      throw new ParquetError(error instanceof Error ? error.message : String(error));
    }
  }
  const checkBy = (seal: SealCheck | undefined) => {
    check = seal;
  };
  return { file, attempt, checkBy };
}
