/** Tables and figures as Markdown. */
import type { Estimate } from './summary.ts';

/** Formats a table with aligned columns, all but the first to the right. */
export function markdown(cells: readonly (readonly string[])[]): string {
  const widths = cells[0]!.map((_, column) =>
    Math.max(3, ...cells.map((row) => row[column]!.length)),
  );
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  const line = (row: readonly string[]) => `| ${row.map(pad).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const [first, ...rest] = cells.map(line);
  return [first, line(rule), ...rest].join('\n');
}

export function percent(share: number): string {
  return (100 * share).toFixed(1);
}

/** Formats percentage points with their interval, with two digits because many are near 0. */
export function points({ mean, low, high }: Estimate): string {
  // A single draw has no interval.
  return Number.isNaN(low) ? signed(mean) : `${signed(mean)} (${signed(low)} to ${signed(high)})`;
}

function signed(share: number): string {
  return withSign(100 * share, 2);
}

/** Formats a number with its sign; 0 has none. */
export function withSign(value: number, digits: number): string {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return text.replace('-', '');
  return value > 0 ? `+${text}` : text;
}
