/**
 * Seals of Parquet files: a digest of each column of each row group, and one of the footer. A
 * change of any bit is noticed. Readers take columns by byte ranges, so that each range is checked
 * by itself.
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

/** Computes the digest of a column in a row group, or of the footer: 128 bits of SHA-256. */
export function columnDigest(bytes: Uint8Array): string {
  return sha256(bytes).slice(0, 32);
}

/** Stands for the digest of the footer in the bytes that the digest covers. */
const noDigest = '0'.repeat(32);

/**
 * Ends a file with a footer that has the seal.
 *
 * @param columns the digests of the columns, [row groups, columns].
 * @param write Returns the file, or its end, with this seal in its footer.
 */
export function sealFooter(
  columns: readonly (readonly string[])[],
  write: (seal: string) => Uint8Array,
): Uint8Array {
  const file = write(JSON.stringify({ columns, footer: noDigest }));
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const footer = file.subarray(-view.getUint32(file.length - 8, true) - 8);
  return write(JSON.stringify({ columns, footer: columnDigest(footer) }));
}

/** The mark at the start of a file. */
export const startMark: ByteSpan = { start: 0, end: 4 };

/** Checks the bytes of a file as they are read. @throws Error if they were changed. */
export type SealCheck = (span: ByteSpan, bytes: Uint8Array) => void;

/**
 * Reads the seal of a file. Files of earlier versions have none. That of a file which another
 * program has written is not its own: pyarrow copies the key-value metadata of what it has read.
 *
 * @param bytes the bytes of the footer; see `Footer`.
 * @throws Error if the footer was changed.
 */
export function openSeal(metadata: FileMetaData, bytes: Uint8Array): SealCheck | undefined {
  if (metadata.created_by !== sealingProgram) return undefined;
  const value = metadata.key_value_metadata?.find(({ key }) => key === sealKey)?.value;
  if (value === undefined) throw new Error('its seal is gone');
  const { columns, footer } = sealSchema.parse(JSON.parse(value));
  if (footer !== footerDigest(bytes, footer)) throw new Error('its footer was changed');
  const digests = new Map([[nameOf(startMark), columnDigest(Buffer.from('PAR1'))]]);
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

/** Computes the digest of a footer. @param stated The digest that it states. */
function footerDigest(bytes: Uint8Array, stated: string): string {
  const field = (digest: string) => `"footer":"${digest}"`;
  const unsealed = Buffer.from(bytes);
  const at = unsealed.lastIndexOf(field(stated));
  if (at !== -1) unsealed.write(field(noDigest), at);
  return columnDigest(unsealed);
}
