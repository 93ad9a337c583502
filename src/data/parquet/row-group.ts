/** Reads columns of a row group. */
import type {
  ColumnMetaData,
  DecodedArray,
  FileMetaData,
  ParquetParsers,
  SchemaTree,
} from 'hyparquet';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { assembleAsync } from 'hyparquet/src/rowgroup.js';
import { getTreePath } from 'hyparquet/src/schema.js';
import { isTooDeep } from '../../json-depth.ts';
import { explainMachineLimit } from '../../machine-limits.ts';
import { withinTime } from '../../within-time.ts';
import { createBudget } from './budget.ts';
import { readChunk } from './chunk.ts';
import { chunkSpan, type RangeReader } from './footer.ts';
import { joinPages } from './join-pages.ts';

/** A file whose footer was read. */
export interface OpenFile {
  readonly metadata: FileMetaData;
  readonly schema: SchemaTree;
  readonly read: RangeReader;
  /** Size of the file. */
  readonly bytes: number;
}

/** Rows of a row group. */
export interface GroupRows {
  /** Index of the row group. */
  readonly group: number;
  /** Rows, counted from the first of the row group, half-open. */
  readonly from: number;
  readonly to: number;
}

/**
 * Reads columns of the first level.
 * @returns the values by column.
 * @throws Error, which names the column, if the bytes are damaged or would take too much memory; an
 *   error that a limit of the machine causes, as it is.
 */
export async function readGroupRows(
  file: OpenFile,
  names: readonly string[],
  { group, from, to }: GroupRows,
): Promise<ReadonlyMap<string, DecodedArray>> {
  const { columns, num_rows } = file.metadata.row_groups[group]!;
  const chunks = columns
    .map(({ meta_data }) => meta_data!)
    .filter(({ path_in_schema }) => names.includes(path_in_schema[0]!));
  const stored = chunks.reduce((sum, chunk) => sum + Number(chunk.total_compressed_size), 0);
  const budget = createBudget(stored);
  const readColumn = async (name: string) => {
    const leaves = chunks.filter(({ path_in_schema }) => path_in_schema[0] === name);
    const pages = await Promise.all(
      leaves.map(async (metadata) => {
        const { start, end } = chunkSpan(metadata, file.bytes);
        const bytes = await file.read(start, end);
        const column = {
          metadata,
          path: getTreePath(file.schema, metadata.path_in_schema),
          parsers,
        };
        const giveBack = budget.mark();
        return withinTime(timeLimit(bytes), () => {
          giveBack();
          return readChunk(bytes, column, to, budget);
        });
      }),
    );
    const values = await assemble(file.schema, leaves, pages, Number(num_rows));
    if (values.length < to || values.length > num_rows) {
      throw new Error(`it has ${values.length} values for ${num_rows} rows`);
    }
    return from === 0 && to === values.length ? values : values.slice(from, to);
  };
  const named = async (name: string) => {
    try {
      return [name, await readColumn(name)] as const;
    } catch (error) {
      if (explainMachineLimit(error)) throw error;
      throw new Error(`its column '${name}' cannot be read, because ${reasonOf(error)}`);
    }
  };
  return new Map(await Promise.all(names.map(named)));
}

/** Assembles a column of the first level from its leaves. */
async function assemble(
  schema: SchemaTree,
  leaves: readonly ColumnMetaData[],
  pages: readonly DecodedArray[][],
  rows: number,
): Promise<DecodedArray> {
  const asyncColumns = leaves.map(({ path_in_schema }, index) => ({
    pathInSchema: path_in_schema,
    data: Promise.resolve({ skipped: 0, data: pages[index]! }),
  }));
  const group = { groupStart: 0, groupRows: rows, asyncColumns };
  const [column] = assembleAsync(group, schema, parsers).asyncColumns;
  if (column === undefined) throw new Error('the file does not have it');
  return joinPages((await column.data).data);
}

/** Returns the maximum time to decode a column, in ms: much more than a slow machine takes. */
function timeLimit({ length }: Uint8Array): number {
  return 10_000 + Math.ceil(length / 100);
}

/** Explains an error of a decoder. Only this project's own errors have a text for users. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'its bytes are damaged';
  return error.constructor === Error ? error.message : 'its bytes are damaged';
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Converters that cannot fail: what they cannot convert stays bytes or text. */
const parsers: ParquetParsers = {
  ...DEFAULT_PARSERS,
  stringFromBytes: textOf,
  jsonFromBytes: (bytes) => {
    const text = textOf(bytes);
    try {
      const value: unknown = JSON.parse(String(text));
      return isTooDeep(value) ? text : value;
    } catch {
      return text;
    }
  },
  geometryFromBytes: (bytes) => bytes,
  geographyFromBytes: (bytes) => bytes,
};

function textOf(bytes: Uint8Array | undefined): string | Uint8Array | undefined {
  try {
    return bytes && utf8.decode(bytes);
  } catch {
    return bytes;
  }
}
