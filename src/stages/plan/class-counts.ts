/** A class is rare if it has at most this many examples, and others have far more on average. */
const [maxRare, minRatio] = [2, 20] as const;

/**
 * Yields warnings of classes without labeled examples, and of very rare ones, which may be typing
 * errors of another class.
 *
 * @param counts Labeled examples per class, [classes].
 */
export function* classCountWarnings(
  classes: readonly string[],
  counts: ArrayLike<number>,
): Generator<string> {
  const missing = classes.filter((_, index) => counts[index] === 0);
  if (missing.length > 0) {
    yield `the labeled set has no example of ${listed(missing)}: label a few of each`;
  }
  const average = Array.from(counts).reduce((sum, count) => sum + count, 0) / classes.length;
  const rare = classes.filter((_, index) => counts[index]! > 0 && counts[index]! <= maxRare);
  if (rare.length > 0 && average >= minRatio * maxRare) {
    yield `the labeled set has only 1 or ${maxRare} examples of ${listed(rare)}: label more, or correct the labels if they are typing errors`;
  }
}

/**
 * Yields a warning of labels of a multi-label task that every example has: no model can learn when
 * they are absent.
 *
 * @param counts Labeled examples that have the label, [classes].
 * @param examples Number of labeled examples.
 */
export function* alwaysWarnings(
  classes: readonly string[],
  counts: ArrayLike<number>,
  examples: number,
): Generator<string> {
  const always = classes.filter((_, index) => counts[index] === examples);
  if (always.length === 0) return;
  yield `every example of the labeled set has ${listed(always)}: add examples without ${always.length === 1 ? 'it' : 'them'}`;
}

/** Lists up to 20 names. */
function listed(names: readonly string[]): string {
  const more = names.length - 20;
  return more > 1 ? `${names.slice(0, 20).join(', ')} and ${more} more` : names.join(', ');
}
