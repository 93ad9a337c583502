import { grown } from './reader.ts';

/** A table of vectors, one per bucket of n-grams; only buckets that were seen have a row. */
export class Embeddings {
  readonly dimension: number;
  /** Number of rows. */
  count = 0;
  /** [count]: the bucket of each row. The array is longer. */
  buckets = new Int32Array(256);
  /** [count, dimension]. The array is longer. */
  values: Float32Array;
  /** Row of each bucket, or -1. */
  readonly #rowOf: Int32Array;

  constructor(buckets: number, dimension: number) {
    this.dimension = dimension;
    this.values = new Float32Array(256 * dimension);
    this.#rowOf = new Int32Array(buckets).fill(-1);
  }

  /** Finds the rows of buckets; -1 for a bucket without a row. */
  find(buckets: Int32Array, length: number, rows: Int32Array): void {
    for (let at = 0; at < length; at++) rows[at] = this.#rowOf[buckets[at]!]!;
  }

  /** Finds the rows of buckets, and adds those that are missing: vectors of zeros. */
  findOrAdd(buckets: Int32Array, length: number, rows: Int32Array): void {
    for (let at = 0; at < length; at++) {
      const bucket = buckets[at]!;
      const row = this.#rowOf[bucket]!;
      rows[at] = row < 0 ? this.add(bucket) : row;
    }
  }

  /** Adds a row of zeros for a bucket that has none; returns its index. */
  add(bucket: number): number {
    if (this.count === this.buckets.length) {
      this.buckets = grown(this.buckets);
      this.values = grown(this.values);
    }
    this.buckets[this.count] = bucket;
    this.#rowOf[bucket] = this.count;
    return this.count++;
  }

  /** Removes all rows. */
  clear(): void {
    for (let row = 0; row < this.count; row++) this.#rowOf[this.buckets[row]!] = -1;
    this.values.fill(0, 0, this.count * this.dimension);
    this.count = 0;
  }
}
