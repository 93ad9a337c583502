/** Writes the tables of docs/evidence.md; the words between them are written by hand. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../infra/package-root.ts';
import type { Row } from './row.ts';
import { cellsOf, summarizeCell } from './summary.ts';
import { cellTable } from './tables.ts';

const document = path.join(packageRoot, 'docs', 'evidence.md');

export async function writeDocument(rows: readonly Row[]): Promise<void> {
  const sections = cellsOf(rows)
    .map(summarizeCell)
    .toSorted((a, b) => a.problem.localeCompare(b.problem) || a.labels - b.labels)
    .map(
      (cell) =>
        `### ${cell.problem}, ${cell.labels} labels, ${cell.draws} draws\n\n${cellTable(cell)}`,
    );
  const text = await readFile(document, 'utf8');
  const written = text.replace(
    /(<!-- tables -->\n)[\s\S]*?(<!-- end of tables -->)/,
    (_, start: string, end: string) => `${start}\n${sections.join('\n\n')}\n\n${end}`,
  );
  await writeFile(document, written);
}
