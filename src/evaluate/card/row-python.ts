/** The Python of a table's card. It reads cells as the student's training did. */
import type { RowFeatures } from '../../data/features/row-features.ts';
import {
  minusSign,
  missingSpellings,
  type NumberForm,
  numberForms,
  plainNumber,
  wholeNumber,
  zeroFirst,
} from '../../data/features/row-values.ts';
import { answerLines, joinedLines, sessionLines } from './snippets.ts';

/**
 * Returns the program. It has the functions that the kinds of the columns need.
 * @param example A row, in Python.
 */
export function rowPython({ columns }: RowFeatures, example: string): string[] {
  const notations = new Set(
    columns.flatMap((column) => (column.kind === 'numeric' ? [column.notation ?? 'point'] : [])),
  );
  const hasNumbers = notations.size > 0;
  const hasCategories = columns.some(({ kind }) => kind === 'categorical');
  const forms = [...notations].map((notation) => `    '${notation}': [${formsOf(notation)}],`);
  return [
    ...sessionLines(['import numpy as np', 'import re', 'import unicodedata']),
    "with open('student.json', encoding='utf-8') as file:",
    "    features = json.load(file)['features']",
    ...(hasNumbers ? [...missingLines, 'FORMS = {', ...forms, '}'] : []),
    '',
    ...textLines,
    ...(hasNumbers ? numberLines : []),
    ...(hasCategories ? categoryLines : []),
    'def predict(row):',
    '    feeds = {}',
    "    for column in features['columns']:",
    "        name = column['name']",
    '        if name not in row:',
    '            raise ValueError(f"there is no column \'{name}\' in the row {row}")',
    ...(hasNumbers && hasCategories ? ["        if column['kind'] == 'numeric':"] : []),
    ...indented(hasNumbers && hasCategories ? 3 : 2, [
      ...(hasNumbers ? ['feeds[name] = np.array([number_of(row, column)])'] : []),
    ]),
    ...(hasNumbers && hasCategories ? ['        else:'] : []),
    ...indented(hasNumbers && hasCategories ? 3 : 2, [
      ...(hasCategories ? ['feeds[name] = np.array([category_of(row, column)], object)'] : []),
    ]),
    ...answerLines('feeds'),
    '',
    `print(predict(${example}))`,
  ];
}

function indented(levels: number, lines: readonly string[]): string[] {
  return lines.map((line) => '    '.repeat(levels) + line);
}

/** Returns a text in Python's syntax, which is that of JSON for texts. */
const quoted = (text: string) => JSON.stringify(text);

/** Python and JavaScript share the syntax of these patterns. */
function formsOf(notation: keyof typeof numberForms): string {
  const form = ({ pattern, separators }: NumberForm) =>
    `(${quoted(pattern.source)}, ${quoted(separators?.source ?? '')})`;
  return numberForms[notation].map(form).join(', ');
}

const missingLines = [
  '# Texts that mean "missing", in lower case. student.json has more.',
  'MISSING = {',
  ...indented(1, joinedLines(missingSpellings.map(quoted))),
  '}',
];

const textLines = [
  'def shortest(number):',
  '    """Writes a number as its column has it: 2 for 2.0."""',
  '    if number == 0 or 1e-6 <= abs(number) < 1e21:',
  "        return np.format_float_positional(number + 0.0, trim='-')",
  "    return repr(float(number)).replace('e-0', 'e-')",
  '',
  'def text_of(value):',
  '    """Reads a cell as a text, without white space at its ends."""',
  '    if isinstance(value, (bool, np.bool_)):',
  '        return str(value).lower()',
  '    text = shortest(value) if isinstance(value, (float, np.floating)) else str(value)',
  "    spaces = ''.join(map(chr, [*range(9, 14), 32, 160, 0x1680, *range(0x2000, 0x200b)]))",
  "    spaces += '\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'",
  "    return unicodedata.normalize('NFC', text.strip(spaces))",
  '',
];

const numberLines = [
  'def number_of(row, column):',
  '    """Reads a number; NaN if it is missing."""',
  "    value = row[column['name']]",
  '    if value is None:',
  "        return float('nan')",
  '    if not isinstance(value, (str, bool, np.bool_)):',
  '        return float(value)',
  '    text = text_of(value)',
  "    missing = features['missing'] + column.get('missing', [])",
  '    if text in missing or text.lower() in MISSING:',
  "        return float('nan')",
  `    signed = re.sub(${quoted(minusSign.source)}, '-', text)`,
  "    for pattern, separators in FORMS[column.get('notation', 'point')]:",
  '        if re.search(pattern, signed, re.ASCII):',
  "            return float(re.sub(separators, '', signed).replace(',', '.'))",
  "    raise ValueError(f\"column '{column['name']}' is '{value}', not a number, in the row {row}\")",
  '',
];

const categoryLines = [
  'def category_of(row, column):',
  '    """Reads a text; a number gets its shortest form."""',
  "    value = row[column['name']]",
  "    text = '' if value is None else text_of(value)",
  `    is_code = re.search(${quoted(zeroFirst.source)}, text, re.ASCII)`,
  `    if len(text) > 15 and re.search(${quoted(wholeNumber.source)}, text, re.ASCII):`,
  '        is_code = is_code or abs(int(text)) >= 2**53',
  `    is_number = re.search(${quoted(plainNumber.source)}, text, re.ASCII) and not is_code`,
  "    return shortest(float(text)) if is_number and text not in column['values'] else text",
  '',
];
