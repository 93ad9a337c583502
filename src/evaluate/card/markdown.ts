/** Renders a table. @param texts Number of columns of text; the others are aligned to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts = 1,
): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  const rule = `| ${head.map((_, index) => (index < texts ? '---' : '---:')).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Renders code. */
export function code(language: string, lines: readonly string[]): string {
  return ['```'.concat(language), ...lines, '```'].join('\n');
}

/** Escapes a cell: names of classes are the user's. */
function escaped(cell: string): string {
  return cell.replace(/[|\\]/g, '\\$&').replace(/\s+/g, ' ');
}
