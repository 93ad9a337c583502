import type { Embeddings } from './embeddings.ts';
import type { Bags } from './reader.ts';

/** The mean vectors of texts: the mean over the rows of their n-grams that have a row. */
export class TextMeans {
  /** [n, dimension]; zeros for a text without rows. */
  values = new Float64Array(0);
  /** [n]: the rows of each text, as often as they occur. */
  counts = new Int32Array(0);
  /** Rows of `bags.grams`, or -1. */
  gramRows = new Int32Array(0);
  /** Rows of `bags.phrases`, or -1. */
  phraseRows = new Int32Array(0);
  /** [different words, dimension]: the sum over the n-grams of each word. */
  #sums = new Float64Array(0);
  /** [different words]: the rows in each sum. */
  #sumCounts = new Int32Array(0);

  /**
   * Computes the means of the texts.
   * @param adds Whether n-grams without a row get one.
   */
  compute(bags: Bags, embeddings: Embeddings, adds: boolean): void {
    const { n, wordStarts, gramStarts, phraseStarts } = bags;
    const { dimension } = embeddings;
    const words = differentWords(bags);
    const grams = gramStarts[words]!;
    const phrases = phraseStarts[n]!;
    this.gramRows = roomFor(this.gramRows, grams);
    this.phraseRows = roomFor(this.phraseRows, phrases);
    const find = adds ? 'findOrAdd' : 'find';
    embeddings[find](bags.grams, grams, this.gramRows);
    embeddings[find](bags.phrases, phrases, this.phraseRows);

    // Fields are slow to read in an inner loop.
    const sums = roomFor(this.#sums, words * dimension).fill(0, 0, words * dimension);
    this.#sums = sums;
    this.#sumCounts = roomFor(this.#sumCounts, words);
    for (let word = 0; word < words; word++) {
      this.#sumCounts[word] = addRows(
        embeddings,
        this.gramRows,
        gramStarts[word]!,
        gramStarts[word + 1]!,
        sums,
        word * dimension,
      );
    }

    const values = roomFor(this.values, n * dimension).fill(0, 0, n * dimension);
    this.values = values;
    this.counts = roomFor(this.counts, n);
    for (let text = 0; text < n; text++) {
      const target = text * dimension;
      let count = addRows(
        embeddings,
        this.phraseRows,
        phraseStarts[text]!,
        phraseStarts[text + 1]!,
        values,
        target,
      );
      for (let at = wordStarts[text]!; at < wordStarts[text + 1]!; at++) {
        const word = bags.words[at]!;
        const from = word * dimension;
        for (let d = 0; d < dimension; d++) values[target + d]! += sums[from + d]!;
        count += this.#sumCounts[word]!;
      }
      this.counts[text] = count;
      const scale = count > 0 ? 1 / count : 0;
      for (let d = 0; d < dimension; d++) values[target + d]! *= scale;
    }
  }
}

/** Returns the number of different words. */
export function differentWords({ n, wordStarts, words }: Bags): number {
  let most = -1;
  for (let at = 0; at < wordStarts[n]!; at++) if (words[at]! > most) most = words[at]!;
  return most + 1;
}

/** Adds rows of the table to a vector, from `offset` on; returns how many were there. */
function addRows(
  { values, dimension }: Embeddings,
  rows: Int32Array,
  start: number,
  end: number,
  target: Float64Array,
  offset: number,
): number {
  // Four sums at a time stay in registers: three times as fast as sums in the array.
  let first = 0;
  for (; first + 4 <= dimension; first += 4) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let at = start; at < end; at++) {
      if (rows[at]! < 0) continue;
      const from = rows[at]! * dimension + first;
      a += values[from]!;
      b += values[from + 1]!;
      c += values[from + 2]!;
      d += values[from + 3]!;
    }
    target[offset + first]! += a;
    target[offset + first + 1]! += b;
    target[offset + first + 2]! += c;
    target[offset + first + 3]! += d;
  }
  let count = 0;
  for (let at = start; at < end; at++) {
    if (rows[at]! < 0) continue;
    count++;
    const from = rows[at]! * dimension;
    for (let i = first; i < dimension; i++) target[offset + i]! += values[from + i]!;
  }
  return count;
}

/** Returns an array of at least a length: the same, or a longer one with other content. */
export function roomFor<Values extends Int32Array | Float32Array | Float64Array>(
  values: Values,
  length: number,
): Values {
  if (values.length >= length) return values;
  // An array is of the class of its constructor.
  return new (values.constructor as new (length: number) => Values)(Math.ceil(length * 1.5));
}
