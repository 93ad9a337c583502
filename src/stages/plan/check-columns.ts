import { nearest } from '../../config/nearest.ts';
import { findColumns, listNames } from '../../data/columns.ts';
import type { TableFile } from '../../data/cut.ts';
import type { Features } from '../../data/features/index.ts';
import { UserError } from '../../errors.ts';
import type { RunToPlan } from './run-to-plan.ts';

/** Columns shown in a message with the nearest name. */
const maxShown = 5;

/**
 * Checks that every file of a table has the columns that the features need, the id that the config
 * names and, in a labeled set, the class.
 *
 * @param tables A file per set and list of columns.
 * @throws UserError with the file, the absent columns and the nearest names that the file has.
 */
export function checkColumns(
  { config }: Pick<RunToPlan, 'config'>,
  features: Features,
  tables: readonly TableFile[],
): void {
  if (features.kind !== 'row') return;
  const needed = features.columns.map(({ name }) => name);
  const known = new Set(needed);
  for (const { set, key, columns } of tables) {
    const present = new Set(columns);
    const absent = needed.filter((name) => !present.has(name));
    if (absent.length === 0) {
      findColumns(key, columns, set, config);
      continue;
    }
    const others = columns.filter((name) => !known.has(name));
    const shown = absent.slice(0, maxShown).map((name) => withNearest(name, others));
    const more = absent.length - shown.length;
    throw new UserError(
      `'${key}' lacks ${absent.length} of the ${needed.length} columns that the model reads: ` +
        `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}. ` +
        `Its other columns: ${others.length === 0 ? 'none' : listNames(others)}.`,
      'Give every file the same column names, or list the columns to use in task.numeric and task.categorical in distill.yaml.',
    );
  }
}

function withNearest(name: string, others: readonly string[]): string {
  const meant = nearest(name, others);
  return meant === undefined ? name : `${name} (it has ${meant})`;
}
