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
    this.#words = roomFor(this.#words, words * width).fill(0, 0, words * width);
    for (let text = 0; text < bags.n; text++) this.#addText(bags, means, passed, text);
    for (let word = 0; word < words; word++) {
      const end = bags.gramStarts[word + 1]!;
      for (let at = bags.gramStarts[word]!; at < end; at++) {
        this.#add(means.gramRows[at]!, this.#words, word * width);
      }
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
    for (let at = bags.phraseStarts[text]!; at < bags.phraseStarts[text + 1]!; at++) {
      this.#add(means.phraseRows[at]!, own, 0);
    }
  }

  /** Adds a gradient to that of a row. */
  #add(row: number, from: Float32Array | Float64Array, start: number): void {
    const width = this.#width;
    const gradients = this.gradients;
    if (this.#seen[row] === this.#batch) {
      const to = this.#index[row]! * width;
      for (let i = 0; i < width; i++) gradients[to + i]! += from[start + i]!;
      return;
    }
    this.#seen[row] = this.#batch;
    this.#index[row] = this.count;
    if (this.count === this.rows.length) {
      this.rows = grown(this.rows);
      this.gradients = grown(this.gradients);
    }
    this.rows[this.count] = row;
    const to = this.count * width;
    const target = this.gradients;
    for (let i = 0; i < width; i++) target[to + i] = from[start + i]!;
    this.count++;
  }
}
