import { parquetMetadata } from 'hyparquet';
import { openParquet, type ParquetFile } from '../../src/data/tables/parquet-file.ts';
import { ownKey } from '../../src/data/tables/result-file.ts';
import { sealKey } from '../../src/data/tables/seal.ts';
import { MemoryStore } from './memory-store.ts';

/** Opens the bytes of a Parquet file. */
export async function openTable(bytes: Uint8Array): Promise<ParquetFile> {
  const store = new MemoryStore({ 'a.parquet': Buffer.from(bytes) });
  return openParquet(store, (await store.head('a.parquet'))!);
}

/** Reads columns of a Parquet file: the cells of each row, in the order of the names. */
export async function tableRows(bytes: Uint8Array, names: readonly string[]): Promise<unknown[][]> {
  const file = await openTable(bytes);
  const rows: unknown[][] = [];
  for (const group of file.rowGroups) {
    const columns = await file.readColumns(names, group);
    for (let row = 0; row < group.end - group.start; row++) {
      rows.push(names.map((name): unknown => columns.get(name)![row]));
    }
  }
  return rows;
}

/**
 * Returns the columns of a Parquet file of the results, byte for byte, and its footer without the
 * file's own key and seal. Equal runs on two stores differ only in these.
 */
export function tableContent(bytes: Uint8Array): string {
  const { metadata_length, key_value_metadata, ...footer } = parquetMetadata(
    Uint8Array.from(bytes).buffer,
    { geoparquet: false },
  );
  // The file ends with the footer, its length in 4 bytes, and a mark of 4 bytes.
  const columns = bytes.subarray(0, bytes.length - 8 - metadata_length);
  const others = key_value_metadata?.filter(({ key }) => key !== ownKey && key !== sealKey);
  const text = JSON.stringify([footer, others], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return `${Buffer.from(columns).toString('base64')} ${text}`;
}
