/** Sizes of the sets of a run, from facts that Plan already knows. Reads no object. */
import { type FormatName, formats } from '../data/formats/index.ts';
import { type Piece, type SetName, type Shard, setNames } from '../data/shard.ts';
import type { SetSize } from '../run/estimate-file.ts';
import { recordOf } from '../table.ts';

/** Adds up the sizes of the sets, shard by shard. */
export interface SetMeter {
  add(shard: Shard): void;
  /** @param labeledExamples Number of usable examples read from the labeled set. */
  sizes(labeledExamples: number): Record<SetName, SetSize>;
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
    sizes(labeledExamples) {
      const exampleBytes = sums.labeled.bytes / Math.max(labeledExamples, 1);
      return recordOf(setNames, (set) => sums[set].size(Math.max(exampleBytes, 1)));
    },
  };
}

/** Adds up the sizes of one set. */
function createSum(format: FormatName) {
  const sum = { shards: 0, pieces: 0, bytes: 0, examples: 0, uncountedBytes: 0, counted: true };
  let lastKey: string | undefined;
  return {
    get bytes() {
      return Math.round(sum.bytes);
    },
    add({ pieces, part }: Shard): void {
      const share = part ? part.to - part.from : 1;
      if (part) sum.counted = false;
      sum.shards++;
      for (const piece of pieces) {
        const bytes = share * ownBytes(piece, piece.key !== lastKey);
        const examples = countOf(piece, format);
        sum.pieces++;
        sum.bytes += bytes;
        if (examples === undefined) {
          sum.counted = false;
          sum.uncountedBytes += bytes;
        } else {
          sum.examples += share * examples;
        }
        lastKey = piece.key;
      }
    },
    size(exampleBytes: number): SetSize {
      const { shards, pieces, bytes, counted } = sum;
      const examples = Math.round(sum.examples + sum.uncountedBytes / exampleBytes);
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
