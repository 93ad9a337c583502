import { listNames } from '../data/columns.ts';
import type { ColumnSample } from '../data/features/kind.ts';
import { isLabelName } from './suggest-target.ts';

/**
 * Notes columns beside the class that may be classes too: like the class, they have only 0 and 1,
 * one column per class. A column with a usual name of the class is the only one.
 */
export function* notesOnFlags(
  target: ColumnSample,
  features: readonly ColumnSample[],
): Iterable<string> {
  if (isLabelName(target.name) || !isFlag(target)) return;
  const others = features.filter(isFlag);
  // A rare class may have no example among the sampled rows.
  if (!others.some(({ values }) => new Set(values.map(String)).size === 2)) return;
  const names = listNames(others.map(({ name }) => name));
  yield `${target.name} has only 0 and 1, and so ${others.length === 1 ? 'has' : 'have'} ${names}. If each of these columns is a class, make one column of lists of them: docs/configuration.md, "Lists of classes".`;
}

/** Returns whether all sampled values are 0 or 1, or false or true. */
function isFlag({ values }: ColumnSample): boolean {
  return (
    values.length > 0 &&
    values.every((value) => /^(?:[01](?:\.0)?|false|true)$/i.test(String(value)))
  );
}
