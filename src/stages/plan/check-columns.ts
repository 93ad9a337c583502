import { findColumns, listNames } from '../../data/columns.ts';
import type { TableFile } from '../../data/cut.ts';
import type { Features } from '../../data/features/index.ts';
import { requireCells } from '../../data/formats/content-cells.ts';
import { UserError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import type { RunToPlan } from './run-to-plan.ts';

/** Columns shown in a message with the nearest name. */
const maxShown = 5;

/** Columns that a model reads. */
interface Need {
  readonly names: readonly string[];
  /** The model, for messages. */
  readonly reader: string;
  /** Fields of the config that list the columns. */
  readonly fields: string;
}

/**
 * Checks that every file of a table has the columns of the features and of the teacher. Checks
 * also the id that the config names and, in a labeled set, the class.
 *
 * @param tables A file per set and list of columns.
 * @throws UserError with the file, the absent columns and the nearest names that the file has; or
 *   if the teacher reads the class.
 */
export function checkColumns(
  { config }: Pick<RunToPlan, 'config'>,
  features: Features,
  tables: readonly TableFile[],
): void {
  if (features.kind !== 'row') {
    for (const file of tables) {
      const { label } = findColumns(file.key, file.columns, file.set, config);
      requireCells(file.key, file.columns, config.task, label);
    }
    return;
  }
  const student = {
    names: features.columns.map(({ name }) => name),
    reader: 'the model reads',
    fields: 'task.numeric and task.categorical',
  };
  const { columns: raw } = config.teacher;
  const teacher = {
    names: Array.isArray(raw) ? raw : [],
    reader: 'the teacher reads (teacher.columns)',
    fields: 'teacher.columns',
  };
  requireNoClass(config);
  for (const file of tables) {
    requireColumns(file, student);
    requireColumns(file, teacher);
    findColumns(file.key, file.columns, file.set, config);
  }
}

function requireNoClass({ task, teacher: { columns } }: RunToPlan['config']): void {
  const target = 'target' in task ? task.target : undefined;
  if (!Array.isArray(columns) || target === undefined || !columns.includes(target)) return;
  throw new UserError(
    `teacher.columns has '${target}', which is the class (task.target)`,
    'List only the columns that the teacher was trained on.',
  );
}

function requireColumns({ key, columns }: TableFile, { names, reader, fields }: Need): void {
  const present = new Set(columns);
  const absent = names.filter((name) => !present.has(name));
  if (absent.length === 0) return;
  const known = new Set(names);
  const others = columns.filter((name) => !known.has(name));
  const shown = absent.slice(0, maxShown).map((name) => withNearest(name, others));
  const more = absent.length - shown.length;
  throw new UserError(
    `'${key}' lacks ${absent.length} of the ${names.length} columns that ${reader}: ` +
      `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}. ` +
      `Its other columns: ${others.length === 0 ? 'none' : listNames(others)}.`,
    `Give every file the same column names, or list the columns to use in ${fields} in distill.yaml.`,
  );
}

function withNearest(name: string, others: readonly string[]): string {
  const meant = nearest(name, others);
  return meant === undefined ? name : `${name} (it has ${meant})`;
}
