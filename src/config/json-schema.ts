import { z } from 'zod';
import { configSchema } from './schema.ts';

export type SchemaNode = z.core.JSONSchema.BaseSchema;

/** Makes the JSON Schema of `distill.yaml` as users write it, without defaults, for editors. */
export function jsonSchema(): SchemaNode {
  return {
    ...z.toJSONSchema(configSchema, {
      io: 'input',
      unrepresentable: 'any',
      override({ zodSchema, jsonSchema: made }) {
        const { def } = zodSchema._zod;
        // A field that must be absent distinguishes a branch of a union from the others.
        if (def.type === 'literal' && zodSchema._zod.values?.has(undefined)) made.not = {};
      },
    }),
    title: 'distill.yaml',
    description: 'Configuration of counterweight.',
  };
}

/** Returns a node's alternatives (`anyOf`, `oneOf`), flattened; without any, the node itself. */
function alternatives(node: SchemaNode): SchemaNode[] {
  const branches = node.anyOf ?? node.oneOf;
  return branches === undefined
    ? [node]
    : branches.flatMap((branch) => alternatives(asNode(branch)));
}

function asNode(node: z.core.JSONSchema._JSONSchema): SchemaNode {
  return typeof node === 'boolean' ? {} : node;
}

/**
 * Returns the alternatives of `node` that an object matches, by their constants (`type`,
 * `architecture`). If it has none of these constants, returns all alternatives that are objects.
 */
function objectsLike(node: SchemaNode, value: unknown): SchemaNode[] {
  const objects = alternatives(node).filter((branch) => branch.properties !== undefined);
  const matching = objects.filter((branch) =>
    Object.entries(branch.properties ?? {}).every(([name, property]) => {
      if (isAbsent(property)) return childValue(value, name) === undefined;
      const constant = asNode(property).const;
      return constant === undefined || constant === childValue(value, name);
    }),
  );
  return matching.length > 0 ? matching : objects;
}

/** Returns whether a field must be absent: its only value is undefined. */
function isAbsent(property: z.core.JSONSchema._JSONSchema): boolean {
  return asNode(property).not !== undefined;
}

/**
 * Lists the constants of a field that other branches of the section at `path` have instead, as
 * "architecture: mlp"; none if the value has the field.
 */
export function otherBranches(
  root: SchemaNode,
  value: unknown,
  path: readonly PropertyKey[],
): string {
  const here = path.reduce(childValue, value);
  const constants = alternatives(schemaAt(root, value, path)).flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([name, property]) => {
      const { const: constant } = asNode(property);
      return constant === undefined || childValue(here, name) !== undefined
        ? []
        : [{ name, constant: String(constant) }];
    }),
  );
  const [first] = constants;
  return first ? `${first.name}: ${listOf(constants.map(({ constant }) => constant))}` : '';
}

/** Returns `value[key]`, or undefined if `value` is not an object. */
export function childValue(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

/** Returns the part of the schema for the field at `path` of a configuration `value`. */
export function schemaAt(
  root: SchemaNode,
  value: unknown,
  path: readonly PropertyKey[],
): SchemaNode {
  let node = root;
  let here = value;
  for (const key of path) {
    const children =
      typeof key === 'number'
        ? alternatives(node).map((list) => itemAt(list, key))
        : objectsLike(node, here).flatMap((object) => {
            const property = object.properties?.[String(key)];
            return property === undefined ? [] : [asNode(property)];
          });
    node = children.length === 1 ? children[0]! : { anyOf: children };
    here = childValue(here, key);
  }
  return node;
}

function itemAt(list: SchemaNode, index: number): SchemaNode {
  const item = list.prefixItems?.[index] ?? list.items;
  return item === undefined || Array.isArray(item) ? {} : asNode(item);
}

/** Returns the names of the fields that the section at `path` may have. */
export function fieldsAt(root: SchemaNode, value: unknown, path: readonly PropertyKey[]): string[] {
  const here = path.reduce(childValue, value);
  const objects = objectsLike(schemaAt(root, value, path), here);
  const fields = objects.flatMap(({ properties = {} }) =>
    Object.keys(properties).filter((name) => !isAbsent(properties[name]!)),
  );
  return [...new Set(fields)];
}

/** Returns the constants and enum members that a field may have. */
export function choices(node: SchemaNode): string[] {
  const members = alternatives(node).flatMap((branch) => branch.enum ?? branch.const ?? []);
  return [...new Set(members.flat().map(String))];
}

/** Joins items as "a, b or c". */
function listOf(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`;
}

/**
 * Describes the expected value of a field in words: "a whole number from 1 to 4096". If several
 * types are possible and `found` has one of them, describes only that type.
 */
export function expectation(node: SchemaNode, found?: unknown): string {
  const all = alternatives(node);
  const sameKind = all.filter((branch) =>
    [branch.type].flat().some((type) => isOfType(found, type)),
  );
  const described = sameKind.length > 0 ? sameKind : all;
  return listOf([...new Set(described.flatMap(expectationOfOne))]);
}

function isOfType(found: unknown, type: string | undefined): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(found);
    case 'integer':
      return typeof found === 'number';
    default:
      return typeof found === type && !Array.isArray(found);
  }
}

const typeNames = { boolean: 'true or false', string: 'text', null: 'null' } as const;

function expectationOfOne(node: SchemaNode): string[] {
  const members = choices(node);
  if (members.length > 0) return members;
  return [node.type ?? []].flat().map((type) => {
    switch (type) {
      case 'integer':
        return `a whole number${range(node)}`;
      case 'number':
        return `a number${range(node)}`;
      case 'array':
        return expectedList(node);
      case 'object':
        return expectedSection(node);
      default:
        return typeNames[type];
    }
  });
}

function expectedSection({ required, properties }: SchemaNode): string {
  return required === undefined || required.length === 0
    ? `a section with fields such as ${listOf(Object.keys(properties ?? {}).slice(0, 3))}`
    : `a section with ${required.join(', ')}`;
}

function range({ minimum, maximum, exclusiveMinimum }: SchemaNode): string {
  const low = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const high = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`;
  if (low !== undefined) return `, at least ${low}`;
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}`;
  return high === undefined ? '' : `, at most ${high}`;
}

function expectedList({ prefixItems, items, minItems }: SchemaNode): string {
  if (prefixItems !== undefined) {
    const each = [...new Set(prefixItems.map((item) => expectation(asNode(item))))];
    return `a list of ${prefixItems.length}, each ${listOf(each)}`;
  }
  const each =
    items === undefined || Array.isArray(items) ? '' : `, each ${expectation(asNode(items))}`;
  return `a list${minItems === undefined ? '' : ` of at least ${minItems}`}${each}`;
}
