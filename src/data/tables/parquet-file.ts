/** Parquet files in a store: their footers, and columns of their row groups. */
import { type DecodedArray, type FileMetaData, parquetSchema } from 'hyparquet';
import { fromFloat16 } from '../../float16.ts';
import { explainMachineLimit } from '../../machine-limits.ts';
import { bytesOf } from '../../store/bytes.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { type RangeReader, readFooter } from '../parquet/footer.ts';
import { type OpenFile, readGroupRows, reasonOf } from '../parquet/row-group.ts';
import { isScalar, type ValueType } from '../value-type.ts';
import { listChunks, listNumbers } from './list-pages.ts';
import { valueTypeOf } from './parquet-type.ts';
import { openSeal, type SealCheck, spanOf, startMark } from './seal.ts';

/** Error of an object that is not a readable Parquet file. Never an error of store or machine. */
export class ParquetError extends Error {
  override readonly name = 'ParquetError';
}

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
  /** Whether each range of bytes is checked when it is read; see `seal.ts`. */
  readonly isSealed: boolean;
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
   * Reads all bytes and checks them against the file's seal, if it has one; one column of a row
   * group at a time.
   * @throws ParquetError if the bytes were changed.
   */
  checkBytes(): Promise<void>;
}

/**
 * Opens a Parquet file in a store by reading its footer. Columns are read later, by byte ranges.
 * @throws ParquetError if the object is not a Parquet file.
 */
export async function openParquet(
  store: ObjectStore,
  object: Pick<ObjectInfo, 'key' | 'version' | 'bytes'>,
): Promise<ParquetFile> {
  const { read, attempt, checkBy } = rangeReader(store, object);
  return attempt(async () => {
    const { metadata, bytes: footer } = await readFooter(read, object.bytes);
    const check = openSeal(metadata, footer);
    checkBy(check);
    const schema = parquetSchema(withoutVariants(metadata));
    const file: OpenFile = { metadata, schema, read, bytes: object.bytes };
    const rowGroups = rowGroupsOf(metadata);
    return {
      columns: schema.children.map((node) => {
        const type = valueTypeOf(node);
        return { name: node.element.name, type, nested: !isScalar(type) };
      }),
      rowGroups,
      isSealed: check !== undefined,
      keyValues: new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? ''])),
      readColumns: (names, rows) => attempt(() => readColumns(file, rowGroups, names, rows)),
      readLists: (name, group, size) =>
        attempt(async () => {
          const { start, end, bits } = listChunks(metadata, name)[group]!;
          const rows = Number(metadata.row_groups[group]!.num_rows);
          const bytes = await read(start, end);
          const numbers = listNumbers(bytes, bits, rows * size);
          return numbers instanceof Uint16Array ? fromFloat16(numbers) : numbers;
        }),
      checkBytes: () =>
        attempt(async () => {
          await read(startMark.start, startMark.end);
          for (const chunk of metadata.row_groups.flatMap(({ columns }) => columns)) {
            const { start, end } = spanOf(chunk);
            await read(start, end);
          }
        }),
    };
  });
}

/** Finds the row group of rows, and reads columns of it. */
async function readColumns(
  file: OpenFile,
  rowGroups: readonly RowGroup[],
  names: readonly string[],
  { start, end }: Pick<RowGroup, 'start' | 'end'>,
): Promise<ReadonlyMap<string, DecodedArray>> {
  if (start === end) return new Map(names.map((name) => [name, []]));
  const group = rowGroups.findIndex((rows) => rows.start <= start && end <= rows.end);
  const first = rowGroups[group]?.start;
  if (first === undefined) throw new Error(`the rows ${start} to ${end} are not in one row group`);
  return readGroupRows(file, names, { group, from: start - first, to: end - first });
}

/**
 * Takes columns of variants as the structs that they are stored as. No feature has such a value,
 * and hyparquet would read their nested values without limit.
 */
function withoutVariants({ schema, ...metadata }: FileMetaData): FileMetaData {
  const plain = schema.map((element) => {
    const { logical_type, ...rest } = element;
    return logical_type?.type === 'VARIANT' ? rest : element;
  });
  return { ...metadata, schema: plain };
}

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
 * Reads ranges of an object. `attempt` runs an action: errors of the store and of the machine pass
 * through, and errors about the content become ParquetErrors. After `checkBy`, all bytes are
 * checked.
 */
function rangeReader(
  store: ObjectStore,
  { key, version, bytes }: Pick<ObjectInfo, 'key' | 'version' | 'bytes'>,
) {
  let storeError: unknown;
  let check: SealCheck | undefined;
  const read: RangeReader = async (start, end) => {
    if (!(start >= 0 && start <= end && end <= bytes)) {
      throw new Error(`the file points at bytes ${start} to ${end}, but has only ${bytes}`);
    }
    if (start === end) return new Uint8Array(0);
    let exact: Uint8Array<ArrayBuffer>;
    try {
      const found = await bytesOf(await store.read(key, { version, range: { start, end } }));
      // A Node buffer may be a view of a larger one; hyparquet needs exactly the range.
      exact = new Uint8Array(found.length);
      exact.set(found);
    } catch (error) {
      storeError ??= error;
      throw error;
    }
    check?.({ start, end }, exact);
    return exact;
  };
  async function attempt<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (error) {
      if (storeError !== undefined) throw storeError;
      if (explainMachineLimit(error)) throw error;
      throw new ParquetError(reasonOf(error));
    }
  }
  const checkBy = (seal: SealCheck | undefined) => {
    check = seal;
  };
  return { read, attempt, checkBy };
}
