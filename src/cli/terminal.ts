import { styleText } from 'node:util';

/** What the command line needs of standard output and standard error; tests pass their own. */
export interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** Node's own answer; it looks at NO_COLOR, FORCE_COLOR and TERM. */
  hasColors?(): boolean;
}

type Style = Parameters<typeof styleText>[0];

/** The text in a style where the terminal shows colours, else as it is. */
export function styled(terminal: Terminal, style: Style, text: string): string {
  if (!terminal.isTTY || !terminal.hasColors?.()) return text;
  // Unless told not to, styleText would look at standard output, whichever the terminal is.
  return styleText(style, text, { validateStream: false });
}

/** Lays out rows in columns: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
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
