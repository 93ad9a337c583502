/** Writes the tables of docs/evidence.md; the text between them is written by hand. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../src/package-root.ts';
import type { LabelNextRow } from './label-next.ts';
import { plot } from './plot.ts';
import type { PretrainedRow } from './pretrained/row.ts';
import { pretrainedSections } from './pretrained/tables.ts';
import type { Row } from './row.ts';
import { cellsOf, summarizeCell } from './summary.ts';
import { autoLine, calibrationTable, cellTable, labelNextTable } from './tables.ts';

const document = path.join(packageRoot, 'docs', 'evidence.md');

/** All rows that were measured. */
interface Measured {
  readonly rows: readonly Row[];
  readonly labelNext: readonly LabelNextRow[];
  readonly pretrained: readonly PretrainedRow[];
}

export async function writeDocument({ rows, labelNext, pretrained }: Measured): Promise<void> {
  const cells = cellsOf(rows)
    .map(summarizeCell)
    .toSorted((a, b) => a.problem.localeCompare(b.problem) || a.labels - b.labels);
  const sections = cells.map(
    (cell) =>
      `### ${cell.problem}, ${cell.labels} labels, ${cell.draws} draws\n\n${cellTable(cell)}\n\n${autoLine(cell)}`,
  );
  await writeFile(path.join(packageRoot, 'docs', 'evidence.svg'), plot(cells));
  let text = await readFile(document, 'utf8');
  text = between(text, 'tables', sections.join('\n\n'));
  text = between(text, 'calibration', calibrationTable(cells));
  text = between(text, 'pretrained', pretrainedSections(pretrained));
  text = between(text, 'label next', labelNextTable(labelNext));
  await writeFile(document, text);
}

/** Replaces the text between `<!-- name -->` and `<!-- end of name -->`. */
function between(text: string, name: string, written: string): string {
  const section = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
  return text.replace(section, (_, start: string, end: string) => `${start}\n${written}\n\n${end}`);
}
