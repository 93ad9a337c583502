import type { RowFeatures } from '../../data/features/row-features.ts';
import { count } from '../../format.ts';
import type { StudentUsageOf } from './facts.ts';
import { inlineCode } from './markdown.ts';
import { rowBrowser } from './row-browser.ts';
import { rowPython } from './row-python.ts';
import { onnxProgram, tfjsPackages } from './snippets.ts';

/** Maximum number of values of a category that the text lists. */
const shownValues = 8;
/** Maximum number of columns in the text. The row of a wider table is in a file. */
const shownColumns = 50;

/** Usage of a student of tables. */
export const rowUsage: StudentUsageOf<'row'> = (features, facts) => {
  const isWide = features.columns.length > shownColumns;
  // JSON is Python here: it has only texts and numbers.
  const example = JSON.stringify(exampleOf(features));
  return {
    input: inputLines(features),
    ...(isWide && { imports: ["import { readFile } from 'node:fs/promises';"] }),
    example: isWide ? "JSON.parse(await readFile('row.json', 'utf8'))" : example,
    python: onnxProgram(facts, ['onnxruntime', 'numpy'], () =>
      rowPython(features, isWide ? "json.load(open('row.json', encoding='utf-8'))" : example),
    ),
    browser: { packages: tfjsPackages, lines: rowBrowser(features) },
  };
};

/** Returns a row of means and of most frequent values. */
function exampleOf({ columns }: RowFeatures): Record<string, number | string> {
  return Object.fromEntries(
    columns.map((column) => [
      column.name,
      column.kind === 'numeric' ? Number(column.mean.toPrecision(3)) : (column.values[0] ?? ''),
    ]),
  );
}

function inputLines({ columns, missing }: RowFeatures): string[] {
  const texts = missing.filter((text) => text !== '');
  return [
    'A row has the columns below, in any order. A missing value is null, empty, or a usual text such as `NA`, `NaN`, `null` or `-`.',
    'Numbers are standardized with the mean and the standard deviation of the labeled set. A missing one becomes the mean, and has a mark of its own. Unknown categories count as missing.',
    ...columns
      .slice(0, shownColumns)
      .map((column) =>
        column.kind === 'numeric'
          ? `${inlineCode(column.name)}: a number; mean ${column.mean.toPrecision(4)}, standard deviation ${column.std.toPrecision(4)}.`
          : `${inlineCode(column.name)}: one of ${valuesText(column.values)}.`,
      ),
    ...(columns.length > shownColumns
      ? [
          `\`student.json\` has the other ${count(columns.length - shownColumns)} columns. The programs above read a row, a JSON object with a value per column, from \`row.json\`.`,
        ]
      : []),
    ...(texts.length > 0
      ? [`These texts mean "missing", too: ${texts.map(inlineCode).join(', ')}.`]
      : []),
  ];
}

function valuesText(values: readonly string[]): string {
  const shown = values.slice(0, shownValues).map(inlineCode);
  const rest = values.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more in \`student.json\`` : shown.join(', ');
}
