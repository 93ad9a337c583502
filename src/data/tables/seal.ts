/**
 * Seals of Parquet files: a digest of each column of each row group, and one of the footer. Readers
 * take columns by byte ranges, so that each range is checked by itself.
 */
import type { ColumnChunk, FileMetaData } from 'hyparquet';
import { z } from 'zod';
import { sha256 } from '../../digest.ts';

/** Key of the seal in the file's key-value metadata. */
export const sealKey = 'counterweight.seal';

/** Name of the program in files with a seal, so that damage to the seal's key is noticed. */
export const sealingProgram = 'counterweight, sealed';

const sealSchema = z.strictObject({
  /** [row groups, columns] */
  columns: z.array(z.array(z.string())),
  footer: z.string(),
});

/** A range of bytes, half-open. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** Returns where a column of a row group is in the file. */
export function spanOf({ meta_data }: ColumnChunk): ByteSpan {
  const offsets = [meta_data?.data_page_offset, meta_data?.dictionary_page_offset];
  const start = Math.min(...offsets.flatMap((offset) => (offset ? [Number(offset)] : [])));
  return { start, end: start + Number(meta_data?.total_compressed_size) };
}

/** Computes the digest of a column in a row group: 128 bits of SHA-256. */
export function columnDigest(bytes: Uint8Array): string {
  return sha256(bytes).slice(0, 32);
}

/**
 * Returns the value of the seal.
 *
 * @param metadata the footer without the seal.
 * @param columns the digests of the columns, [row groups, columns].
 */
export function sealOf(metadata: FileMetaData, columns: readonly (readonly string[])[]): string {
  return JSON.stringify({ columns, footer: footerDigest(metadata, columns) });
}

/** Checks the bytes of a file as they are read. @throws Error if they were changed. */
export type SealCheck = (span: ByteSpan, bytes: Uint8Array) => void;

/**
 * Reads the seal of a file. Files of earlier versions have none. That of a file which another
 * program has written is not its own: pyarrow copies the key-value metadata of what it has read.
 *
 * @throws Error if the footer was changed.
 */
export function openSeal(metadata: FileMetaData): SealCheck | undefined {
  if (metadata.created_by !== sealingProgram) return undefined;
  const value = metadata.key_value_metadata?.find(({ key }) => key === sealKey)?.value;
  if (value === undefined) throw new Error('its seal is gone');
  const { columns, footer } = sealSchema.parse(JSON.parse(value));
  if (footer !== footerDigest(metadata, columns)) throw new Error('its footer was changed');
  const digests = new Map<string, string>();
  for (const [group, { columns: chunks }] of metadata.row_groups.entries()) {
    for (const [index, chunk] of chunks.entries()) {
      digests.set(nameOf(spanOf(chunk)), columns[group]?.[index] ?? '');
    }
  }
  return (span, bytes) => {
    if (digests.get(nameOf(span)) !== columnDigest(bytes)) {
      throw new Error(`its bytes ${span.start} to ${span.end} were changed`);
    }
  };
}

function nameOf({ start, end }: ByteSpan): string {
  return `${start}-${end}`;
}

/** Computes the digest of what the footer states, and of the digests of the columns. */
function footerDigest(
  { metadata_length: _, key_value_metadata: all = [], ...metadata }: FileMetaData,
  columns: readonly (readonly string[])[],
): string {
  const keyValues = all.filter(({ key }) => key !== sealKey);
  const text = JSON.stringify([metadata, keyValues, columns], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return sha256(text).slice(0, 32);
}
