/**
 * Limits on the regular expressions of a tokenizer. Their compilation cannot be stopped, and takes
 * minutes for some thousand classes of characters. Very many nested groups end the process.
 */

/** Maximum number of characters in all expressions. Published tokenizers have some hundred. */
const maxCharacters = 10_000;

/** Maximum number of classes such as \p{L}, each some ms of compilation. Published ones have 50. */
const maxClasses = 500;

/** Number of classes as which the library writes each boundary. */
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

/** Lists the values of all fields `Regex`, at any depth. */
function expressionsIn(json: unknown): string[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([field, value]) =>
    field === 'Regex' && typeof value === 'string' ? [value] : expressionsIn(value),
  );
}
