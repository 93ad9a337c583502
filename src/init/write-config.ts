import { Document, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { jsonSchema, type SchemaNode, schemaAt } from '../config/json-schema.ts';
import type { ConfigInput } from '../config/schema.ts';
import { columnLines } from '../data/features/column-lines.ts';
import type { ColumnReport } from '../data/features/column-report.ts';

const head = ` Configuration of counterweight. Paths are relative to this folder. Other fields have defaults;
 schema/distill.schema.json of the package describes every field.`;

/**
 * Writes a config as YAML; each field has its description in the schema as a comment.
 *
 * @param columns Columns of a table, which become a comment of the task.
 * @param questions Questions to the user, by field, which become comments of the fields.
 */
export function writeConfig(
  config: ConfigInput,
  columns?: readonly ColumnReport[],
  questions: Readonly<Record<string, string>> = {},
): string {
  const document = new Document(config);
  document.commentBefore = head;
  if (isMap(document.contents)) {
    comment(document.contents, jsonSchema(), config, []);
    for (const [field, question] of Object.entries(questions)) {
      ask(document.contents, field.split('.'), question);
    }
    if (columns) describeColumns(document.contents, columns);
  }
  return document.toString({ lineWidth: 100, flowCollectionPadding: false });
}

function comment(map: YAMLMap, schema: SchemaNode, config: unknown, path: readonly string[]): void {
  for (const [index, { key, value }] of map.items.entries()) {
    if (!isScalar(key)) continue;
    const field = [...path, String(key.value)];
    const { description } = schemaAt(schema, config, field);
    if (description !== undefined) key.commentBefore = ` ${description}`;
    if (path.length === 0 && index > 0) key.spaceBefore = true;
    // Lists are short, so they fit a line: [32, 32].
    if (isSeq(value)) value.flow = true;
    if (isMap(value)) comment(value, schema, config, field);
  }
}

/** Puts a question above a field. */
function ask(map: YAMLMap, [name, ...inner]: readonly string[], question: string): void {
  const item = map.items.find(({ key }) => isScalar(key) && key.value === name);
  if (item === undefined || !isScalar(item.key)) return;
  if (inner.length > 0 && isMap(item.value)) {
    ask(item.value, inner, question);
    return;
  }
  const before = item.key.commentBefore === undefined ? [] : [item.key.commentBefore];
  item.key.commentBefore = [...before, ` Choose: ${printable(question)}`].join('\n');
}

/** Lists the columns of a table above the task. */
function describeColumns(map: YAMLMap, columns: readonly ColumnReport[]): void {
  const key = map.items.find((item) => isScalar(item.key) && item.key.value === 'task')?.key;
  if (!isScalar(key)) return;
  const lines = columnLines(columns).map((line) => `   ${printable(line)}`);
  const before = key.commentBefore === undefined ? [] : [key.commentBefore];
  const title =
    ' Columns of the labeled set, found by content. To choose others, list all features in';
  key.commentBefore = [...before, title, ' task.numeric and task.categorical.', ...lines].join(
    '\n',
  );
}

/** Replaces characters that would end a comment or not show. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject.
  return text.replaceAll(/[\x00-\x1f\x7f\u0085\u2028\u2029]/g, ' ');
}
