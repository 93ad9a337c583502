import { parquetMetadata } from 'hyparquet';
import { ownKey } from '../../src/data/tables/result-file.ts';
import { sealKey } from '../../src/data/tables/seal.ts';

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
