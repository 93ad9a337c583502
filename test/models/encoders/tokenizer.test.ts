import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createTokenizer, parseTokenizerFile } from '../../../src/models/encoders/tokenizer.ts';

const folder = join(import.meta.dirname, '../../golden/tokenizers');

async function readGolden<Value>(name: string, schema: z.ZodType<Value>): Promise<Value> {
  return schema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
}

/** Makes the texts of make-tokenizers.py. */
async function texts(): Promise<string[]> {
  const schema = z.object({ words: z.record(z.string(), z.string()), extras: z.array(z.string()) });
  const { words, extras } = await readGolden('words.json', schema);
  const scripts = Object.values(words).map((line) => line.split(' '));
  return Array.from({ length: 2000 }, (_, number) => {
    const draw = generator(number);
    const own = scripts[number % scripts.length]!;
    const other = scripts[draw(scripts.length)]!;
    let text = '';
    for (let left = 1 + draw(12); left > 0; left--) {
      const kind = draw(10);
      const list = kind < 6 ? own : kind < 7 ? other : extras;
      text += list[draw(list.length)]!;
      if (draw(4) > 0) text += ' ';
    }
    return text;
  });
}

/** Numerical Recipes' linear congruential generator, as in make-tokenizers.py. */
function generator(seed: number) {
  let state = seed;
  return (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % bound;
  };
}

describe.each(['wordpiece', 'byte-level', 'unigram', 'precompiled'])('the tokenizer %s', (name) => {
  test('gives 2,000 texts in 20 scripts the ids of Hugging Face', async () => {
    const json = await readGolden(`${name}.json`, z.looseObject({}));
    const tokenizer = createTokenizer({ tokenizer: json, config: {} }, 10_000, 'a test');
    const golden = await readGolden('ids.json', z.record(z.string(), z.string()));
    const expected = golden[name]!.split(' ');
    const wrong = (await texts()).filter((text, index) => {
      const { ids } = tokenizer.tokenize(text);
      const digest = createHash('sha256').update(JSON.stringify(ids)).digest('hex');
      return digest.slice(0, 6) !== expected[index];
    });
    expect(wrong).toEqual([]);
  });
});

test('a text of which nothing is left has only special tokens', async () => {
  const json = await readGolden('wordpiece.json', z.looseObject({}));
  const { tokenize } = createTokenizer({ tokenizer: json, config: {} }, 10, 'a test');
  const special = tokenize('\ufffd');
  expect(special.ids).toHaveLength(2);
  expect(special.isEmpty).toBe(true);
  expect(tokenize('word').isEmpty).toBe(false);
});

test('special tokens keep their sides if the letter a has no token', () => {
  const template = [
    { SpecialToken: { id: '[CLS]', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
  ];
  const tokenizer = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: {
      type: 'TemplateProcessing',
      single: template,
      pair: template,
      special_tokens: { '[CLS]': { id: '[CLS]', ids: [0], tokens: ['[CLS]'] } },
    },
    decoder: null,
    model: { type: 'WordLevel', vocab: { '[CLS]': 0, ja: 1, nein: 2 } },
  };
  const { tokenize } = createTokenizer({ tokenizer, config: {} }, 10, 'a test');
  expect(tokenize('nein ja').ids).toEqual([0, 2, 1]);
});

test.each(['{', '[]', 'null'])('the file %s is refused with its name', (json) => {
  expect(() => parseTokenizerFile(json, 'tokenizer.json', 'the model')).toThrow(
    'the tokenizer.json of the model is not a JSON object',
  );
});

test('a pattern that takes endless time is ended, with the name of the model', async () => {
  const json = await readGolden('wordpiece.json', z.looseObject({}));
  // Each further character doubles the time.
  const pattern = { Regex: '(a+)+$' };
  const splitter = { type: 'Split', pattern, behavior: 'Isolated', invert: false };
  const hostile = { ...json, pre_tokenizer: splitter };
  const tokenizer = createTokenizer({ tokenizer: hostile, config: {} }, 100, 'the model', 1000);
  expect(() => tokenizer.tokenize(`${'a'.repeat(60)}!`)).toThrow(
    'the tokenizer.json of the model cannot be used: it takes more than 1 s',
  );
});

describe('regular expressions that take too long to compile are refused', () => {
  const most = (unit: string, times: number) => ({ Regex: unit.repeat(times) });

  test.each([
    ['11110 characters', { type: 'Split', pattern: most('(?=a)', 2222), behavior: 'Isolated' }],
    ['501 classes', { type: 'Split', pattern: most('\\p{L}', 501), behavior: 'Isolated' }],
    ['504 classes', { type: 'Split', pattern: most('\\b', 63), behavior: 'Isolated' }],
    ['501 classes', { type: 'Replace', pattern: most('[[:alpha:]]', 501), content: '' }],
  ])('%s', async (size, step) => {
    const json = await readGolden('wordpiece.json', z.looseObject({}));
    const section = step.type === 'Replace' ? 'normalizer' : 'pre_tokenizer';
    const steps = step.type === 'Replace' ? 'normalizers' : 'pretokenizers';
    const hostile = { ...json, [section]: { type: 'Sequence', [steps]: [step] } };
    expect(() => createTokenizer({ tokenizer: hostile, config: {} }, 100, 'it')).toThrow(
      `the tokenizer.json of it cannot be used: its regular expressions have ${size}`,
    );
  });

  test('but not those of published tokenizers', async () => {
    const json = await readGolden('wordpiece.json', z.looseObject({}));
    // As of o200k_base.
    const word = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+';
    const pattern = { Regex: `[^\\r\\n\\p{L}\\p{N}]?${word}|\\p{N}{1,3}|\\s+(?!\\S)|\\s+` };
    const splitter = { type: 'Split', pattern, behavior: 'Isolated', invert: false };
    const tokenizer = { ...json, pre_tokenizer: splitter };
    expect(createTokenizer({ tokenizer, config: {} }, 100, 'it').tokenize('word').isEmpty).toBe(
      false,
    );
  });
});

test('an error of the library names the file once', async () => {
  const json = await readGolden('wordpiece.json', z.looseObject({}));
  const post_processor = { type: 'TemplateProcessing', single: [null] };
  const tokenizer = { ...json, post_processor };
  expect(() => createTokenizer({ tokenizer, config: {} }, 100, 'it')).toThrow(
    /^the tokenizer.json of it cannot be used: (?!the tokenizer)/,
  );
});

test('sequences of sequences without end are refused before the library follows them', async () => {
  const json = await readGolden('wordpiece.json', z.looseObject({}));
  let normalizer: object = { type: 'Lowercase' };
  for (let level = 0; level < 250; level++)
    normalizer = { type: 'Sequence', normalizers: [normalizer] };
  expect(() =>
    createTokenizer({ tokenizer: { ...json, normalizer }, config: {} }, 9, 'it'),
  ).toThrow('the tokenizer.json of it cannot be used: it has more than 500 levels');
});

test('a million marks on a letter take no time', { timeout: 20_000 }, async () => {
  const tokenizer = await readGolden('wordpiece.json', z.looseObject({}));
  const { tokenize } = createTokenizer({ tokenizer, config: {} }, 40, 'a test');
  expect(tokenize(`a${'\u0301\u0316'.repeat(5e5)}`).isEmpty).toBe(false);
});

test('only the start of a long text is read, with the same tokens', async () => {
  const tokenizer = await readGolden('wordpiece.json', z.looseObject({}));
  const whole = createTokenizer({ tokenizer, config: {} }, 1e6, 'a test');
  const cut = createTokenizer({ tokenizer, config: {} }, 40, 'a test');
  const all = await texts();
  for (let start = 0; start < 500; start += 50) {
    const long = all.slice(start, start + 50).join('');
    const { ids, isTruncated } = cut.tokenize(long);
    expect(isTruncated).toBe(true);
    expect(ids.slice(0, -1)).toEqual(whole.tokenize(long).ids.slice(0, 39));
  }
  // 50 MB with and without spaces.
  expect(cut.tokenize('good '.repeat(1e7)).ids).toHaveLength(40);
  expect(cut.tokenize('x'.repeat(5e7))).toMatchObject({ isTruncated: true });
});
