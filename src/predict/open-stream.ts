import { buffer } from 'node:stream/consumers';
import { joined, withStart } from '../data/formats/csv-text.ts';
import type { Format } from '../data/formats/format.ts';
import { UserError } from '../errors.ts';
import { StreamStore } from '../store/stream-store.ts';
import { type FileChoice, type GivenFile, readable } from './file-choice.ts';

/**
 * Opens a stream as a file. Its first bytes show the format, if the user names none.
 *
 * @throws UserError if the stream is empty, or the format cannot be seen or read.
 */
export async function openStream(
  name: string,
  stream: AsyncIterable<Uint8Array>,
  choice: FileChoice,
): Promise<GivenFile> {
  const { start, rest } = await withStart(stream);
  if (start.length === 0)
    throw new UserError(`${name} is empty`, 'Write rows to it, or give files.');
  const all = joined(start, rest);
  const format = formatOf(start, choice);
  if (format?.startsLike) {
    // Readers take an infinite size for an unknown size.
    const piece = { key: name, name, version: '', bytes: Number.POSITIVE_INFINITY };
    return { store: new StreamStore(name, all), piece, format };
  }
  if (format?.examplesPerPiece === 1) {
    const bytes = await buffer(all);
    const piece = { key: name, name, version: '', bytes: bytes.length };
    return { store: new StreamStore(name, whole(bytes)), piece, format };
  }
  const accepted = readable({ kind: choice.kind }).filter(
    (each) => each.startsLike ?? each.examplesPerPiece === 1,
  );
  throw new UserError(
    format
      ? `${format.name} cannot be read from ${name}: it needs the end of the file first`
      : `the format of ${name} cannot be seen from its first bytes`,
    `Give the path of a file. From ${name}, the student reads ${accepted.map((each) => each.name).join(', ')}.`,
  );
}

function formatOf(start: Uint8Array, choice: FileChoice): Format | undefined {
  const held = readable(choice);
  if (choice.format !== undefined) return held[0];
  const isParquet = Buffer.from(start.subarray(0, 4)).toString('latin1') === 'PAR1';
  if (isParquet) return held.find(({ extensions }) => extensions.includes('parquet'));
  return (
    held.find((format) => format.startsLike?.(start)) ??
    held.find(({ examplesPerPiece }) => examplesPerPiece === 1)
  );
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
