/** The list of columns as text, without any large package: the command line starts with it. */
import { count, counted, percent } from '../../format.ts';
import type { ColumnReport } from './column-report.ts';

/** Columns listed; a table may have tens of thousands. */
const maxListed = 40;
/** Characters shown of a name. */
const maxName = 40;

/** Uses, in the order of the list. */
const uses: readonly ColumnReport['use'][] = ['class', 'id', 'numeric', 'categorical', 'none'];

/**
 * Lists columns for people, a line each: name, use, content, missing share and notes. Lists at most
 * about 40 columns, those that are left out last.
 */
export function columnLines(columns: readonly ColumnReport[]): string[] {
  const all = uses.flatMap((use) => columns.filter((column) => column.use === use));
  const listed = all.length > maxListed + 1 ? maxListed : all.length;
  const rows = all.slice(0, listed).map(columnRow);
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, index) => Math.max(cell.length, widest[index] ?? 0)),
    [],
  );
  const lines = rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index]!))
      .join('  ')
      .trimEnd(),
  );
  return listed < all.length ? [...lines, `… and ${count(all.length - listed)} more`] : lines;
}

function columnRow(column: ColumnReport): string[] {
  const { name } = column;
  const { use, content, missing, notes } = describeColumn(column);
  return [
    name.length > maxName ? `${name.slice(0, maxName - 1)}…` : name,
    ...[use, content, missing === '' ? '' : `${missing} missing`, notes],
  ];
}

/** Describes a column; a text is empty if there is nothing to describe. */
export function describeColumn({
  use,
  range,
  values,
  missing,
  missingShare,
  notes,
}: ColumnReport): Record<'use' | 'content' | 'missing' | 'notes', string> {
  const distinct = values === undefined ? '' : counted(values, 'value');
  const share = missingShare < 0.0005 ? 'under 0.1%' : percent(missingShare);
  return {
    use: use === 'none' ? 'not used' : use,
    content: range === undefined ? distinct : `${shown(range[0])} to ${shown(range[1])}`,
    missing: missing > 0 ? share : '',
    notes: notes.join('; '),
  };
}

/** Writes a number with up to six digits. */
function shown(value: number): string {
  return String(Number(value.toPrecision(6)));
}
