import { differentWords, roomFor, type TextMeans } from '../../models/ngrams/means.ts';
import type { Bags } from '../../models/ngrams/reader.ts';
import { grown } from '../../models/ngrams/reader.ts';
import type { RowGradients } from './optimizer.ts';

/** The gradients of the vectors of the n-grams in a batch, from those of the means of its texts. */
export class EmbeddingGradients implements RowGradients {
  readonly #width: number;
  count = 0;
  rows = new Int32Array(1024);
  gradients: Float32Array;
  /** Per row of the table: the batch that it was last in, and its index there. */
  #seen = new Int32Array(1024);
  #index = new Int32Array(1024);
  #batch = 0;
  /** [different words, width] */
  #words = new Float32Array(0);
  #text: Float64Array;
  /** Index in the batch of each n-gram of a word, and of several words. */
  #grams: Int32Array = new Int32Array(0);
  #phrases: Int32Array = new Int32Array(0);

  constructor(width: number) {
    this.#width = width;
    this.gradients = new Float32Array(1024 * width);
    this.#text = new Float64Array(width);
  }

  /**
   * Computes the gradients.
   * @param passed Gradients of the means, [n, width].
   * @param rows Rows in the table.
   */
  compute(bags: Bags, means: TextMeans, passed: Float64Array, rows: number): void {
    while (this.#seen.length < rows) {
      this.#seen = grown(this.#seen);
      this.#index = grown(this.#index);
    }
    this.#batch++;
    this.count = 0;
    const width = this.#width;
    const words = differentWords(bags);
    const phrases = bags.phraseStarts[bags.n]!;
    this.#phrases = this.#indexesOf(means.phraseRows, phrases, this.#phrases);
    this.#grams = this.#indexesOf(means.gramRows, bags.gramStarts[words]!, this.#grams);
    this.gradients = roomFor(this.gradients, this.count * width).fill(0, 0, this.count * width);
    this.#words = roomFor(this.#words, words * width).fill(0, 0, words * width);
    for (let text = 0; text < bags.n; text++) this.#addText(bags, means, passed, text);
    for (let word = 0; word < words; word++) {
      const [start, end] = [bags.gramStarts[word]!, bags.gramStarts[word + 1]!];
      this.#add(this.#words, word * width, this.#grams, start, end);
    }
  }

  #addText(bags: Bags, means: TextMeans, passed: Float64Array, text: number): void {
    const width = this.#width;
    const count = means.counts[text]!;
    if (count === 0) return;
    const own = this.#text;
    for (let i = 0; i < width; i++) own[i] = passed[text * width + i]! / count;
    const words = this.#words;
    for (let at = bags.wordStarts[text]!; at < bags.wordStarts[text + 1]!; at++) {
      const to = bags.words[at]! * width;
      for (let i = 0; i < width; i++) words[to + i]! += own[i]!;
    }
    this.#add(own, 0, this.#phrases, bags.phraseStarts[text]!, bags.phraseStarts[text + 1]!);
  }

  /** Finds the index in the batch of each row of the table, and gives new rows one. */
  #indexesOf(rows: Int32Array, length: number, before: Int32Array): Int32Array {
    const indexes = roomFor(before, length);
    for (let at = 0; at < length; at++) {
      const row = rows[at]!;
      if (this.#seen[row] !== this.#batch) {
        this.#seen[row] = this.#batch;
        this.#index[row] = this.count;
        if (this.count === this.rows.length) this.rows = grown(this.rows);
        this.rows[this.count++] = row;
      }
      indexes[at] = this.#index[row]!;
    }
    return indexes;
  }

  /** Adds a gradient to those at the indexes from `start` to `end`. */
  #add(
    from: Float32Array | Float64Array,
    offset: number,
    indexes: Int32Array,
    start: number,
    end: number,
  ): void {
    const width = this.#width;
    const target = this.gradients;
    // Four numbers at a time stay in registers: twice as fast as one gradient after another.
    let first = 0;
    for (; first + 4 <= width; first += 4) {
      const a = from[offset + first]!;
      const b = from[offset + first + 1]!;
      const c = from[offset + first + 2]!;
      const d = from[offset + first + 3]!;
      for (let at = start; at < end; at++) {
        const to = indexes[at]! * width + first;
        target[to]! += a;
        target[to + 1]! += b;
        target[to + 2]! += c;
        target[to + 3]! += d;
      }
    }
    for (let at = start; at < end; at++) {
      const to = indexes[at]! * width;
      for (let i = first; i < width; i++) target[to + i]! += from[offset + i]!;
    }
  }
}
