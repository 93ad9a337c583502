/** Traits of the normalizer of a tokenizer. */
import { z } from 'zod';

/** A normalizer in `tokenizer.json`, which may contain others. */
const normalizerSchema = z.looseObject({
  type: z.string(),
  lowercase: z.boolean().nullish(),
  handle_chinese_chars: z.boolean().nullish(),
  precompiled_charsmap: z.string().nullish(),
  get normalizers() {
    return z.array(normalizerSchema).optional();
  },
});
type Normalizer = z.infer<typeof normalizerSchema>;

/** Changes to texts before the library, so that it agrees with the one in Rust. */
export interface NormalizerTraits {
  /** Lower case of a letter does not depend on its neighbours. */
  readonly lowers: boolean;
  /** Chinese characters above U+FFFF are words of their own. */
  readonly spacesChinese: boolean;
  /** A table of SentencePiece is followed exactly. */
  readonly hasTable: boolean;
}

/** Finds what a `tokenizer.json` does to texts. */
export function normalizerTraits(json: object): NormalizerTraits {
  const all = normalizersOf(json);
  return {
    lowers: all.some(({ type, lowercase }) => type === 'Lowercase' || lowercase),
    spacesChinese: all.some(({ handle_chinese_chars: handled }) => handled),
    hasTable: all.some(({ precompiled_charsmap: table }) => table),
  };
}

/** Returns the normalizers of a `tokenizer.json` that contain no others, in their order. */
export function normalizersOf(json: object): Normalizer[] {
  const { normalizer } = json as { normalizer?: unknown };
  return leaves(normalizerSchema.safeParse(normalizer).data);
}

function leaves(normalizer: Normalizer | undefined): Normalizer[] {
  if (normalizer === undefined) return [];
  return normalizer.normalizers?.flatMap(leaves) ?? [normalizer];
}

/** Chinese characters above U+FFFF, as BERT lists them. */
export const rareChinese =
  /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;
