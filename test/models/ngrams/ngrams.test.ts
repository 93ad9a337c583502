import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomFor } from '../../../src/data/random.ts';
import { saveModel } from '../../../src/models/exporters.ts';
import {
  ngramsMaxima,
  ngramsSchema,
  readNgrams,
  writeNgrams,
} from '../../../src/models/ngrams/files.ts';
import { emptyHash, hashText } from '../../../src/models/ngrams/hash.ts';
import { createNgrams, type NgramsModel } from '../../../src/models/ngrams/model.ts';
import { type Bags, NgramReader } from '../../../src/models/ngrams/reader.ts';
import { wordsOf } from '../../../src/models/ngrams/words.ts';
import { loadModel } from '../../../src/models/student.ts';

interface Golden {
  readonly cases: readonly {
    readonly options: readonly [number, number, number, number];
    readonly text: string;
    readonly words: readonly string[];
    readonly buckets: readonly number[];
  }[];
  /** Number of character n-grams of each word, by fastText. */
  readonly fastText: Readonly<Record<string, number>>;
}
const file = new URL('../../golden/ngrams.json', import.meta.url);
const golden: Golden = JSON.parse(readFileSync(file, 'utf8'));

/** Lists the buckets of a text's n-grams, ascending. */
function bucketsOf(bags: Bags, text: number): number[] {
  const buckets: number[] = [];
  for (let at = bags.wordStarts[text]!; at < bags.wordStarts[text + 1]!; at++) {
    const word = bags.words[at]!;
    buckets.push(...bags.grams.subarray(bags.gramStarts[word], bags.gramStarts[word + 1]));
  }
  buckets.push(...bags.phrases.subarray(bags.phraseStarts[text], bags.phraseStarts[text + 1]));
  return buckets.sort((a, b) => a - b);
}

const shape = {
  ...{ buckets: 1000, wordNgrams: 2, minChars: 2, maxChars: 3 },
  ...{ dimension: 3, hidden: 0 },
};

/** Creates a model with random vectors for the n-grams of some texts. */
function trained(texts: readonly string[], more: Partial<typeof shape> = {}): NgramsModel {
  const model = createNgrams({ ...shape, ...more }, 3, 1);
  const bags = new NgramReader(model.shape).read(texts);
  const seen = new Set(texts.flatMap((_, text) => bucketsOf(bags, text)));
  for (const bucket of seen) model.embeddings.add(bucket);
  const random = randomFor(2);
  model.embeddings.values.forEach((_, i, values) => {
    values[i] = random() - 0.5;
  });
  return model;
}

test.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('FNV-1a of %o is the one its authors publish', (text, expected) => {
  expect(hashText(emptyHash, text) >>> 0).toBe(expected);
});

describe('the n-grams of a text', () => {
  test('are the same in Python, in many scripts', () => {
    for (const { options, text, words, buckets: expected } of golden.cases) {
      const [wordNgrams, minChars, maxChars, buckets] = options;
      expect(wordsOf(text)).toEqual(words);
      const reader = new NgramReader({ wordNgrams, minChars, maxChars, buckets });
      expect(bucketsOf(reader.read([text]), 0)).toEqual(expected);
    }
  });

  test('are as many per word as fastText finds', () => {
    const reader = new NgramReader({ ...shape, minChars: 3, maxChars: 5 });
    for (const [word, expected] of Object.entries(golden.fastText)) {
      // The first is the word itself.
      expect(reader.read([word]).gramStarts[1]! - 1, word).toBe(expected);
    }
  });

  test.each([
    ['no texts', 0],
    ['a few texts', 500],
    ['all texts', 1e6],
  ])('do not depend on other texts and earlier batches if it keeps %s', (_, maxKeptBytes) => {
    const reader = new NgramReader(shape, maxKeptBytes);
    const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'ü', '写', ' ', '!') }));
    fc.assert(
      fc.property(texts, (texts) => {
        const bags = reader.read(texts);
        const found = texts.map((_, text) => bucketsOf(bags, text));
        expect(found).toEqual(
          texts.map((text) => bucketsOf(new NgramReader(shape).read([text]), 0)),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('are the same after the reader has dropped what it kept', () => {
    const reader = new NgramReader(shape, 1e6);
    const expected = bucketsOf(reader.read(['a good film']), 0);
    // More words than it caches.
    const many = Array.from({ length: 2 ** 17 + 1 }, (_, word) => word.toString(36));
    reader.read([many.join(' ')]);
    expect(bucketsOf(reader.read(['no', 'a good film']), 1)).toEqual(expected);
  });
});

describe('a model', () => {
  test.each([0, 4])('with %i hidden units is the same after it is saved', async (hidden) => {
    const texts = ['a good film', 'schlecht 写', ''];
    const model = trained(texts, { hidden });
    const description = {
      classes: ['a', 'b', 'c'],
      features: { kind: 'text', maxCharacters: 100 } as const,
      createdBy: 'test',
    };
    const files = await saveModel(model, description);
    const student = await loadModel(files);
    expect(student.description).toEqual({ ...description, network: 'ngrams' });
    const rows = { n: 3, texts };
    expect(student.predict(rows)).toEqual(model.predict(rows));
    expect(await saveModel(student.model, description)).toEqual(files);
  });

  test('of labels gives each a probability of its own, and is the same after it is saved', async () => {
    const rows = { n: 2, texts: ['a good film', ''] };
    const model = createNgrams({ ...shape, hidden: 0 }, 3, 1, true);
    model.layers[0]!.bias.set([0, 3, -100]);
    const expected = Float32Array.of(0.5, 1 / (1 + Math.exp(-3)), 1 / (1 + Math.exp(100)));
    expect([...model.predict(rows)]).toEqual([...expected, ...expected]);
    const description = {
      classes: ['a', 'b', 'c'],
      features: { kind: 'text', maxCharacters: 100 } as const,
      ...{ multiLabel: true as const, createdBy: 'test' },
    };
    const files = await saveModel(model, description);
    const student = await loadModel(files);
    expect(student.description).toEqual({ ...description, network: 'ngrams' });
    expect(student.predict(rows)).toEqual(model.predict(rows));
    expect(await saveModel(student.model, description)).toEqual(files);
    const plain = await saveModel(trained(['x']), { ...description, multiLabel: undefined });
    expect(String(plain.get('ngrams.json'))).not.toContain('multiLabel');
  });

  test('ignores n-grams that it has not seen, and gives its bias for a text without others', () => {
    const model = trained(['good']);
    const [known, more, none, empty] = ['good', 'good zzz', 'zzz', ''].map((text) =>
      model.predict({ n: 1, texts: [text] }),
    );
    expect(known).toEqual(more);
    expect(none).toEqual(empty);
    expect([...none!]).toEqual([1, 1, 1].map((part) => Math.fround(part / 3)));
  });

  test('answers every text of a batch as it answers it alone', () => {
    const texts = ['a good film', 'good', '', 'a film, a good film!'];
    const model = trained(texts);
    const together = model.predict({ n: texts.length, texts });
    const alone = texts.flatMap((text) => [...model.predict({ n: 1, texts: [text] })]);
    expect([...together]).toEqual(alone);
  });

  test('has the same probabilities after its outputs are split', () => {
    const rows = { n: 2, texts: ['a good film', 'bad'] };
    const model = trained(rows.texts, { hidden: 4 });
    const split = model.split(4);
    expect(split.layers.at(-1)!.outputs).toBe(12);
    const before = model.predict(rows);
    split.predict(rows).forEach((value, i) => {
      expect(value).toBeCloseTo(before[i]!, 6);
    });
  });

  test.each([
    ['a shorter file', (bytes: Uint8Array) => bytes.subarray(4), 'expected'],
    ['an unknown bucket', (bytes: Uint8Array) => Uint8Array.from(bytes).fill(255, 0, 4), 'bucket'],
  ])('with %s is refused', async (_, damage, message) => {
    const files = await saveModel(trained(['good']), {
      ...{ classes: ['a', 'b', 'c'], createdBy: 'test' },
      features: { kind: 'text', maxCharacters: 100 },
    });
    const damaged = new Map([...files, ['ngrams.bin', damage(files.get('ngrams.bin')!)]]);
    await expect(loadModel(damaged)).rejects.toThrow(message);
  });
});

test.each([
  ['buckets', ngramsMaxima.buckets],
  ['wordNgrams', ngramsMaxima.wordNgrams],
  ['maxChars', ngramsMaxima.charNgrams],
  ['dimension', ngramsMaxima.dimension],
  ['hidden', ngramsMaxima.hidden],
])('a file with %s above %i is refused before anything is made of it', (field, most) => {
  const files = writeNgrams(createNgrams(shape, 2, 1));
  const json = JSON.parse(Buffer.from(files.get('ngrams.json')!).toString());
  const weights = files.get('ngrams.bin')!;
  expect(() => ngramsSchema.parse({ ...json, [field]: most + 1 })).toThrow(`${field}`);
  expect(readNgrams(ngramsSchema.parse(json), weights).shape).toMatchObject(shape);
});
