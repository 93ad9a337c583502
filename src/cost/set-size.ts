/** How much data the sets of a run are, from what Plan knows of them anyway: nothing is read. */
import { z } from 'zod';
import type { DataConfig } from '../config/schema.ts';
import { type Piece, type SetName, type Shard, setNames } from '../data/shard.ts';

export const setSizeSchema = z.strictObject({
  shards: z.int(),
  /** Objects, and parts of objects, that a reader opens. */
  pieces: z.int(),
  bytes: z.int(),
  examples: z.int(),
  /** Whether `examples` is a count. Else it follows from the bytes, or from a hash's share. */
  counted: z.boolean(),
});
export type SetSize = z.infer<typeof setSizeSchema>;

/**
 * Rows of Parquet files and of large CSV files are known, and so are plain images. What tar
 * archives and small CSV files hold follows from the bytes that an example of the labeled set has.
 *
 * @param labeledExamples how many usable examples were read from the labeled set.
 */
export function measureSets(
  shards: readonly Shard[],
  format: DataConfig['format'],
  labeledExamples: number,
): Record<SetName, SetSize> {
  const sizeOf = (wanted: SetName, exampleBytes: number) =>
    measure(
      shards.filter(({ set }) => set === wanted),
      format,
      exampleBytes,
    );
  const exampleBytes = sizeOf('labeled', 1).bytes / Math.max(labeledExamples, 1);
  return Object.fromEntries(
    setNames.map((set) => [set, sizeOf(set, Math.max(exampleBytes, 1))]),
  ) as Record<SetName, SetSize>; // fromEntries forgets that every set is there
}

function measure(
  shards: readonly Shard[],
  format: DataConfig['format'],
  exampleBytes: number,
): SetSize {
  const size = { shards: shards.length, pieces: 0, bytes: 0, examples: 0, counted: true };
  let lastKey: string | undefined;
  for (const { pieces, part } of shards) {
    const share = part ? part.to - part.from : 1;
    if (part) size.counted = false;
    for (const piece of pieces) {
      const bytes = ownBytes(piece, piece.key !== lastKey);
      const examples = countOf(piece, format);
      if (examples === undefined) size.counted = false;
      size.pieces++;
      size.bytes += share * bytes;
      size.examples += share * (examples ?? bytes / exampleBytes);
      lastKey = piece.key;
    }
  }
  return { ...size, bytes: Math.round(size.bytes), examples: Math.round(size.examples) };
}

/** A piece's bytes; of an object that was cut by rows, the first piece answers for all. */
function ownBytes({ bytes, range }: Piece, isFirst: boolean): number {
  if (range) return range.end - range.start;
  return isFirst ? bytes : 0;
}

function countOf({ rows }: Piece, format: DataConfig['format']): number | undefined {
  if (rows) return rows.end - rows.start;
  return format === 'images' ? 1 : undefined;
}
