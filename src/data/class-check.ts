/** Maximum number of different values that numbers with decimals may have as names of classes. */
const maxFractions = 20;

/**
 * Returns whether values measure something rather than name classes: they are numbers, some with
 * decimals, and there are many.
 * @example looksContinuous(['0.5', '1']) // false, because there are few
 */
export function looksContinuous(values: ReadonlySet<string>): boolean {
  if (values.size <= maxFractions) return false;
  const numbers = [...values].map((value) => (value === '' ? Number.NaN : Number(value)));
  return numbers.every(Number.isFinite) && numbers.some((number) => !Number.isInteger(number));
}

/** Share of different values above which a column has ids or texts rather than classes. */
const minUnique = 0.9;

/** Returns whether nearly every example has a value of its own, as an id or a text has. */
export function looksUnique(values: { readonly size: number }, examples: number): boolean {
  return values.size > maxFractions && values.size > minUnique * examples;
}
