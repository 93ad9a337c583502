import { emptyHash, hashPoint, hashText } from './hash.ts';
import { wordsOf } from './words.ts';

/** Fields that define the n-grams of a text, and their buckets. */
export interface NgramsOptions {
  /** Number of buckets that n-grams are hashed into. */
  readonly buckets: number;
  /** Maximum words of a word n-gram. */
  readonly wordNgrams: number;
  /** Minimum and maximum code points of a character n-gram; both 0 for none. */
  readonly minChars: number;
  readonly maxChars: number;
}

/**
 * The n-grams of n texts, by their buckets. Words that occur repeatedly are listed once, so that
 * models add up the rows of their n-grams once.
 */
export interface Bags {
  readonly n: number;
  /** [n + 1]: the words of text i are `words[wordStarts[i] … wordStarts[i + 1]]`. */
  readonly wordStarts: Int32Array;
  /** Indexes of the words among the different ones. */
  readonly words: Int32Array;
  /** [different words + 1]: the n-grams of each, likewise in `grams`. */
  readonly gramStarts: Int32Array;
  /** Buckets of the n-grams that consist of one word, or of characters in a word. */
  readonly grams: Int32Array;
  /** [n + 1]: the n-grams of several words of each text, likewise in `phrases`. */
  readonly phraseStarts: Int32Array;
  /** Buckets of the n-grams of several words. */
  readonly phrases: Int32Array;
}

/** Maximum words in the cache. */
const maxCached = 2 ** 17;

/** Bytes of a kept text, besides its characters and numbers: about those of an entry in a map. */
const entryBytes = 100;

/** A text as it was read. */
interface ReadText {
  /** Indexes of its words in the cache. */
  readonly words: Int32Array;
  /** Buckets of its n-grams of several words. */
  readonly phrases: Int32Array;
}

/** Reads the n-grams of texts. Caches those of words, which come again. */
export class NgramReader {
  readonly #options: NgramsOptions;
  readonly #maxKeptBytes: number;
  /** Bytes of the kept texts. */
  #keptBytes = 0;
  /** Starts of the kept texts in `#kept`: their numbers of words and phrases, and these. */
  readonly #starts = new Map<string, number>();
  readonly #kept = new IntList();
  /** Indexes of the cached words. */
  readonly #cached = new Map<string, number>();
  /** Per cached word: the index of the batch that it was last in, and its index there. */
  #seen = new Int32Array(1024);
  #inBatch = new Int32Array(1024);
  /** Per cached word: the hash of a space and the word. */
  #hashes = new Int32Array(1024);
  /** Per cached word: the start of its n-grams in the pool; one more at the end. */
  #gramStarts = new Int32Array(1025);
  readonly #pool = new IntList();
  #batch = 0;

  /**
   * @param maxKeptBytes Memory for texts that are read again: a training reads its texts once per
   *   epoch. The first texts are kept.
   */
  constructor(options: NgramsOptions, maxKeptBytes = 0) {
    this.#options = options;
    this.#maxKeptBytes = maxKeptBytes;
  }

  /** Reads n-grams. The result is valid until the next call. */
  read(texts: readonly string[]): Bags {
    if (this.#cached.size > maxCached) this.#forget();
    this.#batch++;
    const { wordStarts, words, gramStarts, grams, phraseStarts, phrases } = this.#lists;
    for (const list of Object.values(this.#lists)) list.length = 0;
    let different = 0;
    for (const text of texts) {
      wordStarts.push(words.length);
      phraseStarts.push(phrases.length);
      const found = this.#keptText(text) ?? this.#readText(text);
      for (const index of found.words) {
        if (this.#seen[index] !== this.#batch) {
          this.#seen[index] = this.#batch;
          this.#inBatch[index] = different++;
          gramStarts.push(grams.length);
          grams.pushRange(
            this.#pool.values,
            this.#gramStarts[index]!,
            this.#gramStarts[index + 1]!,
          );
        }
        words.push(this.#inBatch[index]!);
      }
      phrases.pushRange(found.phrases, 0, found.phrases.length);
    }
    wordStarts.push(words.length);
    phraseStarts.push(phrases.length);
    gramStarts.push(grams.length);
    return {
      n: texts.length,
      wordStarts: wordStarts.values,
      words: words.values,
      gramStarts: gramStarts.values,
      grams: grams.values,
      phraseStarts: phraseStarts.values,
      phrases: phrases.values,
    };
  }

  /** Buffers of the result. */
  readonly #lists = {
    wordStarts: new IntList(),
    words: new IntList(),
    gramStarts: new IntList(),
    grams: new IntList(),
    phraseStarts: new IntList(),
    phrases: new IntList(),
  };

  /** Buffers of a text. */
  readonly #words = new IntList();
  readonly #phrases = new IntList();

  /** Reads a text, and keeps it if there is room. The result is valid until the next call. */
  #readText(text: string): ReadText {
    const [words, phrases] = [this.#words, this.#phrases];
    words.length = 0;
    phrases.length = 0;
    const found = wordsOf(text);
    for (const [position, word] of found.entries()) {
      const index = this.#cached.get(word) ?? this.#add(word);
      words.push(index);
      this.#pushPhrases(found, position, this.#hashes[index]!);
    }
    const read = {
      words: words.values.subarray(0, words.length),
      phrases: phrases.values.subarray(0, phrases.length),
    };
    this.#keep(text, read);
    return read;
  }

  #keep(text: string, { words, phrases }: ReadText): void {
    const numbers = 2 + words.length + phrases.length;
    const bytes = 4 * numbers + 2 * text.length + entryBytes;
    if (this.#keptBytes + bytes > this.#maxKeptBytes) return;
    this.#keptBytes += bytes;
    this.#starts.set(text, this.#kept.length);
    this.#kept.push(words.length);
    this.#kept.push(phrases.length);
    this.#kept.pushRange(words, 0, words.length);
    this.#kept.pushRange(phrases, 0, phrases.length);
  }

  #keptText(text: string): ReadText | undefined {
    const start = this.#starts.get(text);
    if (start === undefined) return undefined;
    const { values } = this.#kept;
    const middle = start + 2 + values[start]!;
    return {
      words: values.subarray(start + 2, middle),
      phrases: values.subarray(middle, middle + values[start + 1]!),
    };
  }

  /** Lists the n-grams of two and more words that start with a word. */
  #pushPhrases(words: readonly string[], position: number, hash: number): void {
    const { wordNgrams, buckets } = this.#options;
    const end = Math.min(words.length, position + wordNgrams);
    let phrase = hash;
    for (let next = position + 1; next < end; next++) {
      phrase = hashText(hashPoint(phrase, space), words[next]!);
      this.#phrases.push((phrase >>> 0) % buckets);
    }
  }

  /** Adds a word to the cache; returns its index. */
  #add(word: string): number {
    const index = this.#cached.size;
    if (index === this.#seen.length) {
      this.#seen = grown(this.#seen);
      this.#inBatch = grown(this.#inBatch);
      this.#hashes = grown(this.#hashes);
      this.#gramStarts = grown(this.#gramStarts);
    }
    this.#cached.set(word, index);
    const { buckets, minChars, maxChars } = this.#options;
    const hash = hashText(hashPoint(emptyHash, space), word);
    this.#hashes[index] = hash;
    this.#gramStarts[index] = this.#pool.length;
    this.#pool.push((hash >>> 0) % buckets);
    if (maxChars > 0) pushCharacterGrams(`<${word}>`, minChars, maxChars, buckets, this.#pool);
    this.#gramStarts[index + 1] = this.#pool.length;
    return index;
  }

  #forget(): void {
    this.#starts.clear();
    this.#kept.length = 0;
    this.#keptBytes = 0;
    this.#cached.clear();
    this.#seen.fill(0);
    this.#pool.length = 0;
  }
}

const space = 0x20;

/** Lists the buckets of the n-grams of a word within its marks `<` and `>`. */
function pushCharacterGrams(
  marked: string,
  min: number,
  max: number,
  buckets: number,
  target: IntList,
): void {
  for (let start = 0; start < marked.length; start++) {
    let hash = emptyHash;
    let at = start;
    for (let length = 1; length <= max && at < marked.length; length++) {
      const point = marked.codePointAt(at)!;
      hash = hashPoint(hash, point);
      at += point > 0xffff ? 2 : 1;
      if (length >= min) target.push((hash >>> 0) % buckets);
    }
    if (marked.codePointAt(start)! > 0xffff) start++;
  }
}

/** Integers in one piece of memory, which grows. */
export class IntList {
  values = new Int32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) this.values = grown(this.values);
    this.values[this.length++] = value;
  }

  /** Appends the values from `start` to `end` of an array. */
  pushRange(values: Int32Array, start: number, end: number): void {
    while (this.length + end - start > this.values.length) this.values = grown(this.values);
    const target = this.values;
    let length = this.length;
    for (let at = start; at < end; at++) target[length++] = values[at]!;
    this.length = length;
  }
}

/** Copies an array into one of twice the length. */
export function grown<Values extends Int32Array | Float32Array | Float64Array>(
  values: Values,
): Values {
  // An array is of the class of its constructor.
  const longer = new (values.constructor as new (length: number) => Values)(values.length * 2);
  longer.set(values);
  return longer;
}
