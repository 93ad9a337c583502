import type { RowFeatures } from '../../data/features/row-features.ts';
import type { StudentUsageOf } from './facts.ts';
import { answerLines, hasOnnx, sessionLines } from './snippets.ts';

/** Maximum number of values of a category that the text lists. */
const shownValues = 8;

/** Usage of a student of tables. Browsers have no program: the columns are not in `model.json`. */
export const rowUsage: StudentUsageOf<'row'> = (features, facts) => {
  const example = exampleOf(features);
  return {
    input: inputLines(features),
    example: JSON.stringify(example),
    python: hasOnnx(facts)
      ? [
          ...sessionLines(['import numpy as np']),
          '',
          'def predict(row):',
          '    feeds = {}',
          '    for port in session.get_inputs():',
          '        value = row.get(port.name)',
          "        if port.type == 'tensor(string)':",
          "            feeds[port.name] = np.array(['' if value is None else str(value)], object)",
          '        else:',
          "            number = float('nan') if value in (None, '') else float(value)",
          '            feeds[port.name] = np.array([number])',
          ...answerLines('feeds'),
          '',
          `print(predict(${python(example)}))`,
        ]
      : undefined,
    packages: ['onnxruntime', 'numpy'],
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
    'A row has the columns below, in any order. A missing value is null or empty.',
    'Numbers are standardized with the mean and the standard deviation of the labeled set. A missing one becomes the mean, and has a mark of its own. Unknown categories count as missing.',
    ...columns.map((column) =>
      column.kind === 'numeric'
        ? `\`${column.name}\`: a number; mean ${column.mean.toPrecision(4)}, standard deviation ${column.std.toPrecision(4)}.`
        : `\`${column.name}\`: one of ${valuesText(column.values)}.`,
    ),
    ...(texts.length > 0
      ? [`These texts mean "missing", too: ${texts.map((text) => `\`${text}\``).join(', ')}.`]
      : []),
  ];
}

function valuesText(values: readonly string[]): string {
  const shown = values.slice(0, shownValues).map((value) => `\`${value}\``);
  const rest = values.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more in \`student.json\`` : shown.join(', ');
}

/** Writes a row as Python. JSON is Python here: it has only texts and numbers. */
function python(row: Record<string, number | string>): string {
  return JSON.stringify(row);
}
