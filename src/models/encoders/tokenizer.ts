import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { withoutManyMarks } from '../../data/compose-text.ts';
import { UserError } from '../../errors.ts';
import { isTooDeep, maxJsonLevels } from '../../json-depth.ts';
import { withinTime } from '../../within-time.ts';
import { normalizersOf, normalizerTraits, rareChinese } from './normalizer-traits.ts';
import { precompiledNormalizer } from './precompiled.ts';
import { checkPatterns } from './tokenizer-patterns.ts';
import { requireCutAtEnd } from './truncation-side.ts';

/** Ids of a text. */
export interface Tokens {
  readonly ids: readonly number[];
  /** Whether no id is of the text: all are special. */
  readonly isEmpty: boolean;
  /** Whether the text has more tokens than the maximum. */
  readonly isTruncated: boolean;
}

/** A tokenizer with the special tokens around a text. */
export interface TextTokenizer {
  /** Largest id, plus one. */
  readonly size: number;
  /** Id that fills up short texts. */
  readonly padId: number;
  /** Maximum number of tokens, with special ones. */
  readonly maxLength: number;
  tokenize(text: string): Tokens;
}

/** Parsed files of a tokenizer. */
export interface TokenizerFiles {
  /** `tokenizer.json`. */
  readonly tokenizer: object;
  /** `tokenizer_config.json`. */
  readonly config: object;
}

/**
 * Parses a file of a tokenizer.
 *
 * @param file Its name in errors: `tokenizer.json`.
 * @param source Name of the model in errors.
 * @throws UserError if it is not a JSON object.
 */
export function parseTokenizerFile(json: string, file: string, source: string): object {
  try {
    return z.looseObject({}).parse(JSON.parse(json));
  } catch {
    throw new UserError(`the ${file} of ${source} is not a JSON object`, saveAgain);
  }
}

/**
 * Makes a tokenizer from its files.
 *
 * @param maxLength Maximum number of tokens, with special ones.
 * @param source Name of the encoder in errors.
 * @param limitMs Maximum time per text, in ms: a pattern in the file may take endless time.
 * @throws UserError if the files are not understood, cut texts at their start, or leave no room for
 *   a text.
 */
export function createTokenizer(
  { tokenizer, config }: TokenizerFiles,
  maxLength: number,
  source: string,
  limitMs = 30_000,
): TextTokenizer {
  requireCutAtEnd({ tokenizer, config }, source);
  const encode = reader(tokenizer, config, { source, limitMs });
  const { before, after } = specialTokens(encode);
  const room = maxLength - before.length - after.length;
  if (room < 1) {
    throw new UserError(
      `encoder.maxLength is ${maxLength}, and ${source} adds ${before.length + after.length} special tokens to a text`,
      `Set encoder.maxLength to at least ${before.length + after.length + 1}.`,
    );
  }
  return {
    size: encode.size,
    padId: encode.padId,
    maxLength,
    tokenize(text) {
      const content = firstTokens(encode, text, room);
      return {
        ids: [...before, ...content.slice(0, room), ...after],
        isEmpty: content.length === 0,
        isTruncated: content.length > room,
      };
    },
  };
}

/** Returns the ids of a text, with or without special tokens. */
interface Encode {
  (text: string, special: boolean): number[];
  readonly size: number;
  readonly padId: number;
  /** A text that has ids, none of which is that of a special token around it. */
  readonly probe: string;
}

function reader(json: object, config: object, calls: LibraryCalls): Encode {
  return orUnusable(calls, () => {
    // The library recurses into nested sequences.
    if (isTooDeep(json)) throw new Error(`it has more than ${maxJsonLevels} levels`);
    checkIds(json);
    checkPatterns(json);
    // The section is optional in the file, and the library iterates over it.
    const { prepare, rest } = preparation(json);
    const tokenizer = new Tokenizer({ added_tokens: [], ...rest }, config);
    let size = 0;
    for (const id of tokenizer.get_vocab().values()) size = Math.max(size, id + 1);
    const encode = (text: string, special: boolean): number[] =>
      // The library reads some sections only when it meets a text.
      orUnusable(calls, () => {
        const { ids } = tokenizer.encode(prepare(withoutManyMarks(text)), {
          add_special_tokens: special,
        });
        // The id of a token outside the vocabulary is undefined if there is no unknown token.
        return (ids as (number | undefined)[]).filter((id) => id !== undefined);
      });
    const padId = padIdOf(tokenizer, json, config);
    const texts = ['a', ...tokenizer.get_vocab().keys()];
    const isProbe = (text: string): boolean => {
      const [first] = encode(text, false);
      return encode(text, true).filter((id) => id === first).length === 1;
    };
    const probe = texts.find(isProbe) ?? 'a';
    return Object.assign(encode, { size, padId, probe });
  });
}

/** Ids from here on are damage: the library would make a list of that length. */
const maxIds = 2 ** 24;

const sectionsSchema = z.looseObject({
  model: z
    .looseObject({ vocab: z.looseObject({}) })
    .optional()
    .catch(undefined),
  added_tokens: z
    .array(z.looseObject({ id: z.unknown() }))
    .optional()
    .catch(undefined),
});

/** @throws Error if a token has an impossible id. */
function checkIds(json: object): void {
  const { model, added_tokens: added = [] } = sectionsSchema.parse(json);
  // In a list, as of Unigram, the ids are the positions.
  for (const id of [...Object.values(model?.vocab ?? {}), ...added.map((token) => token.id)]) {
    const isPossible = Number.isInteger(id) && Number(id) >= 0 && Number(id) < maxIds;
    if (!isPossible) throw new Error(`a token has the id ${JSON.stringify(id)}`);
  }
}

const saveAgain =
  'Save it with a fast tokenizer of transformers: AutoTokenizer.from_pretrained(NAME).save_pretrained(FOLDER).';

/** Calls of the library. */
interface LibraryCalls {
  readonly source: string;
  readonly limitMs: number;
}

/** Runs code of the library, whose errors are about `tokenizer.json`. */
function orUnusable<Result>({ source, limitMs }: LibraryCalls, run: () => Result): Result {
  try {
    return withinTime(limitMs, run);
  } catch (error) {
    // A call inside this one names the file already.
    if (error instanceof UserError) throw error;
    throw new UserError(
      `the tokenizer.json of ${source} cannot be used: ${(error as Error).message}`,
      saveAgain,
    );
  }
}

/**
 * Returns a function that changes texts before the library does, so that three normalizers work as
 * in Hugging Face's own library, written in Rust: see `NormalizerTraits`. A table is followed only
 * if it comes first. `rest` is the file without that table.
 */
function preparation(json: object): { prepare: (text: string) => string; rest: object } {
  const [first, ...others] = normalizersOf(json);
  const table = first?.type === 'Precompiled' ? first.precompiled_charsmap : undefined;
  if (table) {
    const rest = { ...json, normalizer: { type: 'Sequence', normalizers: others } };
    return { prepare: precompiledNormalizer(table), rest };
  }
  const { lowers, spacesChinese } = normalizerTraits(json);
  const prepare = (text: string) => {
    const lowered = lowers ? text.replaceAll('Σ', 'σ') : text;
    return spacesChinese ? lowered.replaceAll(rareChinese, ' $& ') : lowered;
  };
  return { prepare, rest: json };
}

/** Names of the token that fills up texts, if the files do not name it. */
const usualPads = ['[PAD]', '<pad>', '<|endoftext|>', '</s>'];

function padIdOf(tokenizer: Tokenizer, json: object, config: object): number {
  const { padding } = json as { padding?: { pad_id?: unknown } | null };
  if (typeof padding?.pad_id === 'number') return padding.pad_id;
  const { pad_token: pad } = config as { pad_token?: unknown };
  const name = typeof pad === 'object' && pad && 'content' in pad ? pad.content : pad;
  const names = typeof name === 'string' ? [name, ...usualPads] : usualPads;
  // The mask excludes these tokens, so that any id serves.
  return names.map((token) => tokenizer.token_to_id(token)).find((id) => id !== undefined) ?? 0;
}

/** Finds the special tokens before and after a text. */
function specialTokens(encode: Encode): { before: number[]; after: number[] } {
  const content = encode(encode.probe, false);
  const whole = encode(encode.probe, true);
  const extra = whole.length - content.length;
  for (let before = 0; before <= extra; before++) {
    if (!content.every((id, index) => whole[before + index] === id)) continue;
    return { before: whole.slice(0, before), after: whole.slice(before + content.length) };
  }
  return { before: [], after: [] };
}

/** Characters of a text that are tokenized first, per token of the maximum. */
const charactersPerToken = 16;
/** Characters beyond which the rest of a text without tokens is ignored. */
const maxCharacters = 1 << 20;

/**
 * Returns the first tokens of a text: all, or more than `room`. Only the start of a long text is
 * tokenized: enough that the cut cannot change the tokens that count.
 */
function firstTokens(encode: Encode, text: string, room: number): number[] {
  let limit = room * charactersPerToken;
  while (limit < text.length && limit < maxCharacters) {
    const ids = encode(text.slice(0, cutBefore(text, limit)), false);
    if (ids.length > room + margin) return ids;
    limit *= 4;
  }
  const whole = text.length > maxCharacters ? text.slice(0, cutBefore(text, maxCharacters)) : text;
  const ids = encode(whole, false);
  // The rest counts as more tokens.
  return whole.length < text.length ? [...ids, ...Array<number>(room).fill(0)] : ids;
}

/** Tokens before a cut that may differ from those of the whole text. */
const margin = 16;

/** Returns the last position up to `limit` before a space, or otherwise between characters. */
function cutBefore(text: string, limit: number): number {
  for (let at = limit; at > limit / 2; at--) if (/\s/.test(text[at]!)) return at;
  const code = text.charCodeAt(limit);
  return code >= 0xdc00 && code < 0xe000 ? limit - 1 : limit;
}
