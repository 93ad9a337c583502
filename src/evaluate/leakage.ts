import { z } from 'zod';
import { count, counted, percent } from '../format.ts';
import { namesOf } from '../table.ts';
import { mainMetric } from './main-metric.ts';
import { metricsSchema } from './schema.ts';

const copies = z.int().nonnegative();

/** Test examples that are in another set as well, so that models may have learned them. */
export const leakageSchema = z.strictObject({
  /** Test examples that are in any of the sets below. */
  examples: z.int().min(1),
  /** All test examples. */
  of: z.int().min(1),
  /** Test examples that are in this set. */
  sets: z.strictObject({ labeled: copies, validation: copies, unlabeled: copies }),
  /** Metrics on the other test examples; undefined if there are none. */
  without: metricsSchema.optional(),
});
export type Leakage = z.infer<typeof leakageSchema>;

/** Names what equal examples have in common: the bytes of an image, the values of a row. */
export type Sameness = 'bytes' | 'values';

/**
 * Describes equal examples of two sets.
 * @example describeCopies(2, 12, 'test', 'bytes', ['labeled', 'unlabeled'])
 * // 2 of 12 test examples have the bytes of a labeled or unlabeled one
 */
export function describeCopies(
  examples: number,
  of: number,
  set: string,
  sameness: Sameness,
  others: readonly string[],
): string {
  const [first = '', ...rest] = others;
  const last = rest.pop();
  const list = last === undefined ? first : `${[first, ...rest].join(', ')} or ${last}`;
  const article = first.startsWith('u') ? 'an' : 'a';
  const verb = examples === 1 ? 'has' : 'have';
  return `${count(examples)} of ${counted(of, `${set} example`)} ${verb} the ${sameness} of ${article} ${list} one`;
}

/** Describes test examples that are in another set, with the accuracy without them. */
export function leakageWarning(leakage: Leakage, sameness: Sameness): string {
  const others = namesOf(leakage.sets).filter((set) => leakage.sets[set] > 0);
  const found = describeCopies(leakage.examples, leakage.of, 'test', sameness, others);
  return `${found}, so the figures may be too good. ${figuresWithout(leakage)} ${advice[sameness]}`;
}

const advice: Record<Sameness, string> = {
  bytes: 'Remove them from test/, or from the other sets.',
  values:
    'Remove them from test/ or from the other sets, unless they are different cases that happen to be alike.',
};

function figuresWithout({ without }: Leakage): string {
  if (without === undefined) return 'No other test example is left.';
  const main = mainMetric(without);
  const figures = Object.entries(without.models).map(([name, model]) => {
    const { value, low, high } = model[main.name]!;
    return `${name} ${percent(value)} (${percent(low)} to ${percent(high)})`;
  });
  return `${main.title} on the other ${count(without.examples)}: ${figures.join(', ')}.`;
}
