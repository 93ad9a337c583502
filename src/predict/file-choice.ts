import type { AnyKind } from '../data/features/index.ts';
import type { Format } from '../data/formats/format.ts';
import { type FormatName, formats } from '../data/formats/index.ts';
import type { Piece } from '../data/shard.ts';
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';

/** A file to predict. */
export interface GivenFile {
  readonly store: ObjectStore;
  /** Its key and its name are the path as the user gave it. */
  readonly piece: Piece;
  readonly format: Format;
}

/** Facts that decide which files are read, and in which format. */
export interface FileChoice {
  /** Kind of the examples that the student reads. */
  readonly kind: AnyKind;
  /** Default: by the extension or, of a stream, by the first bytes. */
  readonly format?: FormatName | undefined;
  readonly stdin: AsyncIterable<Uint8Array>;
}

/** Returns the formats that can hold the student's examples, or only the chosen format. */
export function readable({ kind, format }: Pick<FileChoice, 'kind' | 'format'>): Format[] {
  const all: Format[] = Object.values(formats);
  const held = all.filter(({ kinds }) => kinds.includes(kind.name));
  if (format === undefined) return held;
  const chosen = held.filter(({ name }) => name === format);
  if (chosen.length > 0) return chosen;
  throw new UserError(
    `the student reads examples of the kind '${kind.name}', and --format ${format} has none`,
    `Formats with such examples: ${held.map(({ name }) => name).join(', ')}.`,
  );
}
