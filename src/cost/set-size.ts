/** Sizes of the sets of a run, from facts that Plan already knows. Reads no object. */
import { sum } from '../arrays.ts';
import { type FormatName, formats } from '../data/formats/index.ts';
import { type Piece, type SetName, type Shard, setNames } from '../data/shard.ts';
import type { SetSize } from '../run/estimate-file.ts';
import { recordOf } from '../table.ts';

/** Adds up the sizes of the sets, shard by shard. */
export interface SetMeter {
  add(shard: Shard): void;
  /**
   * @param examples Number of usable examples read from some sets.
   * @param sets These sets.
   */
  sizes(examples: number, sets: readonly SetName[]): Record<SetName, SetSize>;
}

/**
 * Creates a meter. The numbers of examples in Parquet files, large CSV files and plain images are
 * known. Those of tar archives and small CSV files are estimated from the bytes per labeled
 * example.
 */
export function createSetMeter(format: FormatName): SetMeter {
  const sums = recordOf(setNames, () => createSum(format));
  return {
    add: (shard) => sums[shard.set].add(shard),
    sizes(examples, sets) {
      const exampleBytes = sum(sets.map((set) => sums[set].bytes)) / Math.max(examples, 1);
      return recordOf(setNames, (set) => sums[set].size(Math.max(exampleBytes, 1)));
    },
  };
}

/** Adds up the sizes of one set. */
function createSum(format: FormatName) {
  const total = { shards: 0, pieces: 0, bytes: 0, examples: 0, uncountedBytes: 0, counted: true };
  let lastKey: string | undefined;
  return {
    get bytes() {
      return Math.round(total.bytes);
    },
    add({ pieces, part }: Shard): void {
      const share = part ? part.to - part.from : 1;
      if (part) total.counted = false;
      total.shards++;
      for (const piece of pieces) {
        const bytes = share * ownBytes(piece, piece.key !== lastKey);
        const examples = countOf(piece, format);
        total.pieces++;
        total.bytes += bytes;
        if (examples === undefined) {
          total.counted = false;
          total.uncountedBytes += bytes;
        } else {
          total.examples += share * examples;
        }
        lastKey = piece.key;
      }
    },
    size(exampleBytes: number): SetSize {
      const { shards, pieces, bytes, counted } = total;
      const examples = Math.round(total.examples + total.uncountedBytes / exampleBytes);
      return { shards, pieces, bytes: Math.round(bytes), examples, counted };
    },
  };
}

/**
 * Returns a piece's bytes. For an object that is cut by rows, its first piece counts with all
 * bytes.
 */
function ownBytes({ bytes, range }: Piece, isFirst: boolean): number {
  if (range) return range.end - range.start;
  return isFirst ? bytes : 0;
}

/** Returns the number of examples of a piece, if it is known without reading it. */
function countOf({ rows }: Piece, format: FormatName): number | undefined {
  return rows ? rows.end - rows.start : formats[format].examplesPerPiece;
}
