/** The module for browsers of a table's card. It reads cells as the student's training did. */
import type { RowFeatures } from '../../data/features/row-features.ts';
import {
  minusSign,
  missingSpellings,
  type NumberForm,
  numberForms,
  plainNumber,
  typeLimits,
  wholeNumber,
  zeroFirst,
} from '../../data/features/row-values.ts';
import { joinedLines, tfjsLines } from './snippets.ts';

/** Returns the module. It has the notations of numbers that the columns need. */
export function rowBrowser({ columns }: RowFeatures): string[] {
  const notations = new Set<keyof typeof numberForms>(['point']);
  for (const column of columns) {
    if (column.kind === 'numeric' && column.notation) notations.add(column.notation);
  }
  const quoted = missingSpellings.map((text) => JSON.stringify(text));
  return tfjsLines(
    [
      '// Texts that mean "missing", in lower case. student.json has more.',
      'const MISSING = new Set([',
      ...joinedLines(quoted).map((line) => `  ${line}`),
      ']);',
      '// Forms of numbers, with the characters to remove.',
      'const FORMS = {',
      ...[...notations].map((notation) => `  ${notation}: [${formsOf(notation)}],`),
      '};',
      ...cellLines,
      ...numberLines,
      ...categoryLines,
      '/** @param row An object with a value per column: a number, a text as in a file, or null. */',
      'export async function predict(row) {',
      '  const values = features.columns.flatMap((column) => {',
      '    if (!Object.hasOwn(row, column.name)) {',
      "      throw new Error('there is no column ' + column.name + ' in the row');",
      '    }',
      '    const value = row[column.name];',
      "    return column.kind === 'numeric' ? numberOf(value, column) : categoryOf(value, column);",
      '  });',
      '  const input = tf.tensor(values, [1, values.length]);',
    ],
    'features',
  );
}

function formsOf(notation: keyof typeof numberForms): string {
  const form = ({ pattern, separators }: NumberForm) => `[${pattern}, ${separators ?? '/(?!)/g'}]`;
  return numberForms[notation].map(form).join(', ');
}

const cellLines = [
  '',
  '/** Writes a number as a column has it: 2 for 2.0. A code such as 007 stays. */',
  'function shortest(text) {',
  `  const isLong = text.length > 15 && ${wholeNumber}.test(text);`,
  '  const isCode = isLong && !Number.isSafeInteger(Number(text));',
  `  if (isCode || ${zeroFirst}.test(text) || !${plainNumber}.test(text)) return text;`,
  '  return String(Number(text));',
  '}',
  '',
  'function parsed(text, notation) {',
  `  const signed = text.replace(${minusSign}, '-');`,
  '  const form = FORMS[notation].find(([pattern]) => pattern.test(signed));',
  "  return form && Number(signed.replaceAll(form[1], '').replace(',', '.'));",
  '}',
  '',
  'const named = new Set(features.missing.flatMap((text) => [text, shortest(text)]));',
  'const textOf = (value) => String(value).trim().normalize();',
  'const isNamed = (text) => named.has(text) || named.has(shortest(text));',
];

const numberLines = [
  '',
  '/** Whether a number outside the range of the column stands for "missing": -999. */',
  'function isStandIn(number, [min, max]) {',
  '  if (number <= max + (max - min) && number >= min - (max - min)) return false;',
  '  if (Math.abs(number) >= 1e30 || LIMITS.includes(number)) return true;',
  '  return /^(?:-9{2,}|9{3,})$/.test(String(number));',
  '}',
  `const LIMITS = [${[...typeLimits].join(', ')}];`,
  '',
  '/** The standardized number, and whether it is missing. */',
  "function numberOf(value, { name, mean, std, range, notation = 'point', missing = [] }) {",
  "  const text = value === null ? '' : textOf(value);",
  '  let number = value;',
  "  if (value === null || typeof value === 'string') {",
  '    if (isNamed(text) || MISSING.has(text.toLowerCase()) || missing.includes(text)) return [0, 1];',
  '    number = parsed(text, notation);',
  "    if (number === undefined) throw new Error('column ' + name + ' is not a number: ' + value);",
  '  }',
  '  const isMissing =',
  '    isNamed(text) ||',
  "    features.missing.some((one) => (parsed(one, notation) ?? parsed(one, 'point')) === number) ||",
  '    !(Math.abs(number) <= 1e150) ||',
  '    (range && isStandIn(number, range));',
  '  const standard = Math.fround((number - mean) / std);',
  '  if (isMissing) return [0, 1];',
  '  if (Number.isFinite(standard)) return [standard, 0];',
  "  throw new Error('column ' + name + ' has a number that is too large: ' + value);",
  '}',
];

const categoryLines = [
  '',
  '/** A number per known text, and one for missing and unknown ones. */',
  'function categoryOf(value, { values }) {',
  "  const text = value === null ? '' : textOf(value);",
  '  const isMissing =',
  '    value === null || isNamed(text) || (MISSING.has(text.toLowerCase()) && !values.includes(text));',
  '  const found = isMissing ? -1 : values.indexOf(values.includes(text) ? text : shortest(text));',
  '  const index = found < 0 ? values.length : found;',
  '  return Array.from({ length: values.length + 1 }, (_, i) => (i === index ? 1 : 0));',
  '}',
  '',
];
