/** Checks of the sampled values of a column. */

import { looksContinuous } from '../data/class-check.ts';
import { idColumn } from '../data/columns.ts';
import type { ColumnSample } from '../data/features/kind.ts';
import { isScalar } from '../data/value-type.ts';

/** Below this many rows, values that are all different show nothing. */
const minRows = 10;

/** Returns whether a column of a table may be a feature of its rows. */
export function isUsable(sample: ColumnSample, columns: readonly ColumnSample[]): boolean {
  const { name, type, values, isIndex, isFolder } = sample;
  const id = idColumn(
    columns.map((column) => column.name),
    { missing: [] },
  );
  if (!isScalar(type) || isIndex || isFolder || name === id) return false;
  if (type.kind === 'time' || type.kind === 'bytes' || type.kind === 'nothing') return false;
  if (values.some((value) => Array.isArray(value))) return false;
  const present = values.filter((value) => value !== null && value !== undefined);
  if (values.length < minRows) return true;
  const distinct = new Set(present).size;
  if (distinct < 2) return false;
  if (type.kind === 'text') return distinct < present.length;
  return type.kind !== 'integer' || !isCount(values);
}

/** Returns whether each number is one more than the number before. */
function isCount(values: readonly unknown[]): boolean {
  return values.every((value, row) => row === 0 || Number(value) === Number(values[row - 1]) + 1);
}

/** Returns why a column is not a column of classes, or undefined if it may be one. */
export function notAClass({ type, values }: ColumnSample): string | undefined {
  if (type.kind === 'time') return 'times';
  const present = values.filter((value) => typeof value === 'number' && !Number.isNaN(value));
  if (!looksContinuous(new Set(present.map(String)))) return undefined;
  return `numbers with decimals, such as ${present.find((value) => !Number.isInteger(value))}`;
}
