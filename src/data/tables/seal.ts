/**
 * Seals of Parquet files: a digest of each column of each row group, and one of the footer. They
 * cover every bit of the file. Readers read a range of bytes per column, and check each by itself.
 */
import type { ColumnChunk, FileMetaData } from 'hyparquet';
import { z } from 'zod';
import { sha256 } from '../../digest.ts';
import { fileMark } from '../parquet/footer.ts';

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

/** Computes a digest of a seal, of a column or of the footer: 128 bits of SHA-256. */
export function sealDigest(bytes: Uint8Array): string {
  return sha256(bytes).slice(0, 32);
}

/** Replaces the digest of the footer in the bytes from which that digest is computed. */
const placeholder = '0'.repeat(32);

/**
 * Writes the end of a file, with the seal in its footer.
 *
 * @param columns Digests of the columns, [row groups, columns].
 * @param write Returns the file, or only its end, with the given seal in the footer.
 */
export function sealFooter(
  columns: readonly (readonly string[])[],
  write: (seal: string) => Uint8Array,
): Uint8Array {
  const file = write(JSON.stringify({ columns, footer: placeholder }));
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const footer = file.subarray(-view.getUint32(file.length - 8, true) - 8);
  return write(JSON.stringify({ columns, footer: sealDigest(footer) }));
}

/** Position of the mark at the start of a file. */
export const startMark: ByteSpan = { start: 0, end: 4 };

/** Checks the bytes of a file as they are read. @throws Error if they were changed. */
export type SealCheck = (span: ByteSpan, bytes: Uint8Array) => void;

/**
 * Reads the seal of a file. Files of earlier versions have none. Files of other programs may have
 * the seal of another file: pyarrow copies the key-value metadata of the file that it has read.
 *
 * @param bytes Bytes of the footer; see `Footer`.
 * @returns undefined if the file has no seal of its own.
 * @throws Error if the footer was changed.
 */
export function openSeal(metadata: FileMetaData, bytes: Uint8Array): SealCheck | undefined {
  if (metadata.created_by !== sealingProgram) return undefined;
  const value = metadata.key_value_metadata?.find(({ key }) => key === sealKey)?.value;
  if (value === undefined) throw new Error('its seal is missing');
  const { columns, footer } = sealSchema.parse(JSON.parse(value));
  if (footer !== footerDigest(bytes, footer)) throw new Error('its footer was changed');
  const digests = new Map([[nameOf(startMark), sealDigest(Buffer.from(fileMark))]]);
  for (const [group, { columns: chunks }] of metadata.row_groups.entries()) {
    for (const [index, chunk] of chunks.entries()) {
      digests.set(nameOf(spanOf(chunk)), columns[group]?.[index] ?? '');
    }
  }
  return (span, bytes) => {
    if (digests.get(nameOf(span)) !== sealDigest(bytes)) {
      throw new Error(`its bytes ${span.start} to ${span.end} were changed`);
    }
  };
}

function nameOf({ start, end }: ByteSpan): string {
  return `${start}-${end}`;
}

/** Computes the digest of a footer. @param stated The digest that it states. */
function footerDigest(bytes: Uint8Array, stated: string): string {
  const field = (digest: string) => `"footer":"${digest}"`;
  const unsealed = Buffer.from(bytes);
  const at = unsealed.lastIndexOf(field(stated));
  if (at !== -1) unsealed.write(field(placeholder), at);
  return sealDigest(unsealed);
}
