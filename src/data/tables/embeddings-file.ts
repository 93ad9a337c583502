/**
 * The embeddings of a shard by one encoder, as a Parquet file that any tool opens: one row per
 * example, in the order of the shard. Columns: id (text) and embedding (list of floats of 16 or of
 * 32 bits). The key-value metadata has the examples without an embedding, with reasons.
 */
import { z } from 'zod';
import { toFloat16 } from '../../float16.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { Rejected } from '../example.ts';
import { createResultWriter, openResult, readGroups, readLists } from './result-file.ts';

/** Bits of the numbers of an embedding. */
export type EmbeddingBits = 16 | 32;

/** Embedding of one example. */
export interface EmbeddingRow {
  readonly id: string;
  /** [dimension] */
  readonly embedding: Float32Array;
}

const summarySchema = z.strictObject({
  embedded: z.int().nonnegative(),
  dimension: z.int().positive(),
  /** Number of texts that were cut to the maximum length; 0 for images. */
  truncated: z.int().nonnegative(),
  quarantined: z.array(
    z.strictObject({ id: z.string(), reason: z.string(), lost: z.int().positive().optional() }),
  ),
});
/** Number of examples with an embedding, and the examples without. */
export type EmbeddingsSummary = z.infer<typeof summarySchema>;

const summaryKey = 'counterweight.embeddings';

export interface EmbeddingsWriter {
  /**
   * Adds examples. Leaves out those whose embedding has a number that is not finite, or too large
   * for 16 bits.
   * @param embeddings [n, dimension]
   * @param rejected Examples without an embedding, by row. Default: none.
   */
  append(
    ids: readonly string[],
    embeddings: Float32Array,
    rejected?: ReadonlyMap<number, Rejected>,
  ): void;
  /**
   * Ends the file and returns its bytes; the same for the same rows.
   * @param truncated Number of texts that were cut to the maximum length.
   */
  finish(quarantined: readonly Rejected[], truncated: number): Uint8Array;
}

/**
 * Creates a writer of embeddings with `dimension` numbers.
 *
 * @param key Key of the file in the results: see `createResultWriter`.
 */
export function createEmbeddingsWriter(
  key: string,
  dimension: number,
  bits: EmbeddingBits,
): EmbeddingsWriter {
  const table = createResultWriter(key, { id: 'text', embedding: { floats: dimension, bits } });
  const unusable: Rejected[] = [];
  let embedded = 0;
  return {
    append(ids, embeddings, rejected) {
      const usable: number[] = [];
      for (const [index, id] of ids.entries()) {
        const row = embeddings.subarray(index * dimension, (index + 1) * dimension);
        const reason = rejected?.get(index)?.reason ?? defectOf(row, bits);
        if (reason === undefined) usable.push(index);
        else unusable.push({ id, reason });
      }
      const rows = takeRows(embeddings, usable, dimension);
      table.append(usable.length, {
        id: usable.map((index) => ids[index]!),
        embedding: bits === 16 ? toFloat16(rows) : rows,
      });
      embedded += usable.length;
    },
    finish(quarantined, truncated) {
      const all = [...quarantined, ...unusable].map(({ id, reason, lost }) => ({
        ...{ id, reason },
        ...(lost !== undefined && { lost }),
      }));
      const summary: EmbeddingsSummary = { embedded, dimension, truncated, quarantined: all };
      return table.finish({ [summaryKey]: JSON.stringify(summary) });
    },
  };
}

/** Smallest number that 16 bits round to infinity. */
const overflow = 65520;

function defectOf(row: Float32Array, bits: EmbeddingBits): string | undefined {
  const limit = bits === 16 ? overflow : Number.POSITIVE_INFINITY;
  const index = row.findIndex((value) => !(Math.abs(value) < limit));
  if (index === -1) return undefined;
  const reason = Number.isFinite(row[index]) ? ', too large for 16 bits' : '';
  return `Number ${index} of its embedding is ${row[index]}${reason}.`;
}

function takeRows(values: Float32Array, rows: readonly number[], width: number): Float32Array {
  if (rows.length * width === values.length) return values;
  const taken = new Float32Array(rows.length * width);
  for (const [index, row] of rows.entries()) {
    taken.set(values.subarray(row * width, (row + 1) * width), index * width);
  }
  return taken;
}

/** A file of embeddings whose footer was read. */
export interface OpenedEmbeddings {
  readonly summary: EmbeddingsSummary;
  /** Reads the rows in the order of the shard, with one row group in memory at a time. */
  rows(): AsyncGenerator<EmbeddingRow>;
}

/** Opens a file of embeddings. @throws UserError if it is missing or damaged. */
export async function openEmbeddings(store: ObjectStore, key: string): Promise<OpenedEmbeddings> {
  const file = await openResult(store, key);
  const summary = summarySchema.parse(JSON.parse(file.keyValues.get(summaryKey) ?? 'null'));
  const { dimension } = summary;
  return {
    summary,
    async *rows() {
      let group = 0;
      for await (const { rows, column } of readGroups(file, ['id'])) {
        const ids = column('id');
        const numbers = await readLists(file, 'embedding', group++, dimension);
        for (let row = 0; row < rows; row++) {
          const embedding = numbers.subarray(row * dimension, (row + 1) * dimension);
          yield { id: String(ids[row]), embedding };
        }
      }
    },
  };
}
