/** Renders a table. @param texts Number of columns of text; the others are aligned to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts = 1,
): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`;
  const rule = `| ${head.map((_, index) => (index < texts ? '---' : '---:')).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Renders code. */
export function code(language: string, lines: readonly string[]): string {
  return ['```'.concat(language), ...lines, '```'].join('\n');
}

/**
 * Escapes a text, which may have names of the user's, so that it is shown as it is, on one line.
 * @example plain('a|b <i>') // 'a\\|b \\<i>'
 */
export function plain(text: string): string {
  return text
    .replace(/[\\|*<[\]`~]|&(?=#?\w+;)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\$&')
    .replace(/\s+/g, ' ');
}

/** Renders a text as code within a line. */
export function inlineCode(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  const runs = Array.from(line.matchAll(/`+/g), ([run]) => run.length);
  if (line.trim() !== '' && runs.length === 0) return `\`${line}\``;
  // The fence is longer than any run within it. A space keeps them apart.
  const fence = '`'.repeat(Math.max(0, ...runs) + 1);
  return `${fence} ${line} ${fence}`;
}
