import { isMet, measured, type Row } from './row.ts';

const header = ['what', 'against', 'ours', 'theirs', 'ratio', 'limit', 'met'];
/** The first column with numbers, which stand to the right. */
const firstNumber = 2;

/** The rows as a Markdown table whose columns are aligned in the text too. */
export function table(rows: readonly Row[]): string {
  const cells = [header, ...rows.map(cellsOf)];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i < firstNumber ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = widths.map((width, i) =>
    i < firstNumber ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const [first, ...rest] = cells.map(line);
  return [first, line(rule), ...rest].join('\n');
}

function cellsOf(row: Row): string[] {
  const { what, against, ours, theirs, unit, atLeast, atMost } = row;
  const quantity = (value: number) =>
    unit === 'number' ? figure(value) : `${figure(value)} ${unit}`;
  return [
    what,
    against,
    quantity(ours),
    theirs === undefined ? '–' : quantity(theirs),
    theirs === undefined ? '–' : figure(measured(row)),
    (atLeast === undefined ? '' : `${figure(atLeast)} to `) +
      (theirs === undefined ? quantity(atMost) : figure(atMost)),
    isMet(row) ? 'yes' : 'NO',
  ];
}

/** Three significant digits, and all digits of the whole part. */
function figure(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
