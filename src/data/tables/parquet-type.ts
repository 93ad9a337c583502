/** Types of Parquet columns. */
import type { SchemaElement } from 'hyparquet';
import type { ValueType } from '../value-type.ts';

/** A column of the schema, with the columns in it. */
interface SchemaNode {
  readonly element: SchemaElement;
  readonly children: readonly SchemaNode[];
}

/** Returns the type of a column. Lists may have any of the layouts that writers have used. */
export function valueTypeOf(node: SchemaNode): ValueType {
  const { element } = node;
  if (element.repetition_type === 'REPEATED') return { kind: 'list', item: typeOnce(node) };
  return typeOnce(node);
}

function typeOnce(node: SchemaNode): ValueType {
  const { element, children } = node;
  if (children.length === 0) return { kind: scalarOf(element) };
  const is = (name: string) =>
    element.converted_type === name || element.logical_type?.type === name;
  if (is('MAP') || is('MAP_KEY_VALUE')) return { kind: 'map' };
  const [only] = children;
  if (is('LIST') && only !== undefined) return { kind: 'list', item: itemOf(only, element.name) };
  return {
    kind: 'struct',
    fields: new Map(children.map((child) => [child.element.name, valueTypeOf(child)])),
  };
}

/** Follows the specification's rules for lists of older writers. */
function itemOf(repeated: SchemaNode, list: string): ValueType {
  const [item, more] = repeated.children;
  const { name } = repeated.element;
  const isItem = item === undefined || more !== undefined;
  if (isItem || name === 'array' || name === `${list}_tuple`) return typeOnce(repeated);
  return valueTypeOf(item);
}

function scalarOf({ type, converted_type, logical_type, scale = 0 }: SchemaElement) {
  const names: readonly (string | undefined)[] = [converted_type, logical_type?.type];
  const is = (...known: string[]) => known.some((name) => names.includes(name));
  if (is('NULL', 'UNKNOWN')) return 'nothing';
  if (is('DECIMAL')) return scale > 0 ? 'float' : 'integer';
  if (is('FLOAT16') || type === 'FLOAT' || type === 'DOUBLE') return 'float';
  if (is('DATE', 'TIMESTAMP', 'TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS') || type === 'INT96') {
    return 'time';
  }
  if (is('JSON')) return 'json';
  if (is('UTF8', 'STRING', 'ENUM', 'UUID')) return 'text';
  if (type === 'BOOLEAN') return 'boolean';
  return type === 'INT32' || type === 'INT64' ? 'integer' : 'bytes';
}
