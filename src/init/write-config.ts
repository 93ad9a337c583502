import { Document, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { jsonSchema, type SchemaNode, schemaAt } from '../config/json-schema.ts';
import type { ConfigInput } from '../config/schema.ts';

const head = ` Configuration of counterweight. Paths are relative to this folder. Other fields have defaults;
 schema/distill.schema.json of the package describes every field.`;

/** Writes a config as YAML; each field has its description in the schema as a comment. */
export function writeConfig(config: ConfigInput): string {
  const document = new Document(config);
  document.commentBefore = head;
  if (isMap(document.contents)) comment(document.contents, jsonSchema(), config, []);
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
