/**
 * Schemas of long lists and objects in files of strangers. zod describes each wrong item, which
 * takes a minute and 2 GB for a file of 3 MB; these schemas stop at the first one.
 */
import { z } from 'zod';
import { hasFields } from './json.ts';

/**
 * Returns the schema of a list.
 * @param max Maximum number of items.
 * @example listOf(z.string(), 2).safeParse(['a', 1, 2]).success; // false
 */
export function listOf<Item extends z.ZodType>(item: Item, max: number) {
  return z
    .array(z.unknown())
    .max(max)
    .transform((values, context) => parseItems(item, values.entries(), context) ?? z.NEVER);
}

/**
 * Returns the schema of an object with values of one kind.
 * @param max Maximum number of fields.
 * @example fieldsOf(z.int(), 10).parse({ cat: 0 }); // { cat: 0 }
 */
export function fieldsOf<Item extends z.ZodType>(item: Item, max: number) {
  return z
    .custom<Readonly<Record<string, unknown>>>(hasFields, 'expected an object')
    .refine((fields) => Object.keys(fields).length <= max, `expected at most ${max} fields`)
    .transform((fields, context) => {
      const names = Object.keys(fields);
      const values = parseItems(item, Object.entries(fields), context);
      if (values === undefined) return z.NEVER;
      return Object.fromEntries(values.map((value, index) => [names[index]!, value]));
    });
}

/**
 * Parses items up to the first wrong one, whose first problem becomes that of the whole.
 * @returns undefined if there is a wrong one.
 */
function parseItems<Item extends z.ZodType>(
  item: Item,
  entries: Iterable<readonly [string | number, unknown]>,
  context: z.core.$RefinementCtx,
): z.output<Item>[] | undefined {
  const parsed: z.output<Item>[] = [];
  for (const [key, value] of entries) {
    const result = item.safeParse(value);
    if (!result.success) {
      const { path, message } = result.error.issues[0]!;
      context.addIssue({ code: 'custom', message, path: [key, ...path] });
      return undefined;
    }
    parsed.push(result.data);
  }
  return parsed;
}
