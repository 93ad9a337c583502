import { styleText } from 'node:util';

/** Interface of standard output and standard error that the commands use; tests pass their own. */
export interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** Node's own method, which reads NO_COLOR, FORCE_COLOR and TERM. */
  hasColors?(): boolean;
}

type Style = Parameters<typeof styleText>[0];

/** Styles the text if the terminal shows colours. */
export function styled(terminal: Terminal, style: Style, text: string): string {
  if (!terminal.isTTY || !terminal.hasColors?.()) return text;
  // By default, styleText would validate standard output, which may not be this terminal.
  return styleText(style, text, { validateStream: false });
}

/** Lays out rows in columns: the first aligned left, the others right. */
export function alignedRows(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, i) => Math.max(cell.length, all[i] ?? 0)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  '),
  );
}
