/** Type of a table's column, as far as it decides what the column can hold. */
export type ValueType =
  | { readonly kind: ScalarName | 'map' }
  | ListType
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, ValueType> };

interface ListType {
  readonly kind: 'list';
  readonly item: ValueType;
}

/** Types of single values; `nothing` is a column without any value. */
type ScalarName = 'integer' | 'float' | 'boolean' | 'text' | 'time' | 'bytes' | 'json' | 'nothing';

const plurals: Readonly<Record<ScalarName | 'map', string>> = {
  integer: 'integers',
  float: 'numbers',
  boolean: 'booleans',
  text: 'texts',
  time: 'times',
  bytes: 'bytes',
  json: 'JSON',
  nothing: 'missing values',
  map: 'maps',
};

/** Returns whether a column has single values, rather than lists, structs or maps. */
export function isScalar({ kind }: ValueType): boolean {
  return kind !== 'list' && kind !== 'struct' && kind !== 'map';
}

/** Returns the type of the items of a column of lists; otherwise its own type. */
export function itemType(type: ValueType): ValueType {
  return type.kind === 'list' ? type.item : type;
}

/** Returns whether a column has lists that can be vectors: of numbers, or of nothing yet. */
export function isVectorList(type: ValueType): type is ListType {
  const kinds: readonly string[] = ['integer', 'float', 'boolean', 'nothing'];
  return type.kind === 'list' && kinds.includes(type.item.kind);
}

/**
 * Describes the values of a column.
 * @example describeType({ kind: 'list', item: { kind: 'float' } }) // 'lists of numbers'
 */
export function describeType(type: ValueType): string {
  if (type.kind === 'list') return `lists of ${describeType(type.item)}`;
  if (type.kind === 'struct') return `structs of ${[...type.fields.keys()].join(', ')}`;
  return plurals[type.kind];
}
