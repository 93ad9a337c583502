/**
 * Limits on the regular expressions of a tokenizer. No limit of time ends their compilation, which
 * takes minutes for some thousand classes of characters. One with very many groups inside each
 * other ends the process.
 */

/** Maximum of characters in all expressions. Published tokenizers have some hundred. */
const maxCharacters = 10_000;

/** Maximum of classes such as \p{L}, which take some ms each. Published tokenizers have 50. */
const maxClasses = 500;

/** The library writes each boundary as eight classes. */
const classesPerBoundary = 8;

/**
 * Checks the expressions of a `tokenizer.json`.
 * @throws Error if they are too long to be compiled.
 */
export function checkPatterns({ normalizer, pre_tokenizer, decoder }: TokenizerSections): void {
  const whole = expressionsIn([normalizer, pre_tokenizer, decoder]).join('');
  if (whole.length > maxCharacters) {
    throw new Error(
      `its regular expressions have ${whole.length} characters, and at most ${maxCharacters} are read`,
    );
  }
  const boundaries = whole.match(/\\b/gi)?.length ?? 0;
  const others = whole.match(/\\[^b]|\[\[?:/gi)?.length ?? 0;
  const classes = classesPerBoundary * boundaries + others;
  if (classes <= maxClasses) return;
  throw new Error(
    `its regular expressions have ${classes} classes of characters, and at most ${maxClasses} are read; \\b counts as ${classesPerBoundary}`,
  );
}

/** Sections that have expressions, as JSON. */
interface TokenizerSections {
  readonly normalizer?: unknown;
  readonly pre_tokenizer?: unknown;
  readonly decoder?: unknown;
}

/** Finds the texts of all fields `Regex`. */
function expressionsIn(json: unknown): string[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([field, value]) =>
    field === 'Regex' && typeof value === 'string' ? [value] : expressionsIn(value),
  );
}
