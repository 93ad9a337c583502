import type { Document } from 'yaml';
import {
  isCollection,
  isMap,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
  parseDocument,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { UserError } from '../errors.ts';
import { count } from '../format.ts';
import { hasFields } from '../json.ts';
import { nearest } from '../nearest.ts';
import {
  childValue,
  choices,
  expectation,
  fieldsAt,
  jsonSchema,
  otherBranches,
  type SchemaNode,
  schemaAt,
} from './json-schema.ts';
import { withMultiLabelMethod } from './multi-label-rules.ts';
import { type Config, configSchema, renamedValues } from './schema.ts';

/** Maximum number of characters: the time to parse a config grows faster than its length. */
const maxCharacters = 100_000;

/** Maximum size of a config's file, in bytes: a character has at most four in UTF-8. */
export const maxConfigBytes = 4 * maxCharacters;

/**
 * Parses the text of a `distill.yaml` and fills in the defaults.
 * @param file Name of the file, for error messages.
 * @throws UserError that lists every problem with its line, its field, the value found and the
 *   value expected.
 */
export function parseConfig(text: string, file: string): Config {
  if (text.length > maxCharacters) throw tooLong(file, `${count(text.length)} characters`);
  const lines = new LineCounter();
  requireFewLevels(text, file);
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntaxError = document.errors[0];
  if (syntaxError !== undefined) {
    const { line, col } = lines.linePos(syntaxError.pos[0]);
    throw new UserError(
      `${file}, line ${line}, column ${col}: this is not YAML. ${syntaxError.message}`,
      'Check the indentation and the quotes there.',
    );
  }
  const value = contents(document, file, lines);
  const parsed = configSchema.safeParse(withMultiLabelMethod(value));
  if (parsed.success) return parsed.data;

  const schema = jsonSchema();
  const problems = parsed.error.issues
    .flatMap((issue) => problemsOf(issue, value, schema))
    .map(({ path, text }) => ({ line: lineOf(document, lines, path), path, text }))
    .sort((a, b) => a.line - b.line)
    .map(
      ({ line, path, text }) =>
        `  line ${line}: ${path.length > 0 ? `${fieldName(path)}: ` : ''}${text}`,
    );
  throw new UserError(
    `${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.join('\n')}`,
    'Correct the file and run the same command again.',
  );
}

/** Returns the error for a config that is too long. @param length Its length, with the unit. */
export function tooLong(file: string, length: string): UserError {
  return new UserError(
    `${file} has ${length}, and a config may have ${count(maxCharacters)} characters.`,
    'Put long lists of classes into a JSON file, and name it in task.classes.',
  );
}

/** Maximum number of nested lists and maps. */
const maxLevels = 100;

/**
 * Refuses text that is nested more deeply than any config. The library recurses into each level. If
 * the stack is full while a regular expression is compiled, Node ends the whole process.
 */
function requireFewLevels(text: string, file: string): void {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme)) {
      // A part of the document is complete.
    }
    if (parser.stack.length <= maxLevels) continue;
    throw new UserError(`${file} is nested too deeply: this is not a config.`, startHint);
  }
}

const startHint = '`counterweight init` writes one to start from.';

function contents(document: Document, file: string, lines: LineCounter): unknown {
  if (document.contents === null) throw new UserError(`${file} is empty.`, startHint);
  if (!isMap(document.contents)) {
    throw new UserError(`${file} should hold fields such as "task:" and "data:".`, startHint);
  }
  requireNames(document, file, lines);
  try {
    return document.toJS();
  } catch (error) {
    // An alias without its anchor, or aliases that expand to an enormous document.
    throw new UserError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Refuses lists, maps and aliases as the names of fields. The library converts such names to texts,
 * and the text of a nested name contains those of the names in it. A thousand characters can take
 * hours.
 */
function requireNames(document: Document, file: string, lines: LineCounter): void {
  visit(document, {
    Pair(_, { key }) {
      if (key === null || isScalar(key)) return;
      const { line } = lines.linePos(startOf(key) ?? 0);
      throw new UserError(
        `${file}, line ${line}: the name of a field is a list, a map or an alias; expected a text.`,
        'Write "name: value". Text that starts with "?", "[" or "{" needs quotes.',
      );
    },
  });
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/**
 * Describes an issue in words. If the branch of a union is clear, describes the issues of that
 * branch.
 */
function problemsOf(issue: z.core.$ZodIssue, value: unknown, schema: SchemaNode): Problem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(schema, value, path);
    return issue.keys.map((key) => ({ path: [...path, key], text: unknownField(key, known) }));
  }
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.filter(
      (errors) => errors.length > 0 && !errors.some(isOtherKind),
    );
    if (branches.length === 1) {
      return branches[0]!.flatMap((inner) =>
        problemsOf({ ...inner, path: [...path, ...inner.path] }, value, schema),
      );
    }
  }
  const found = path.reduce(childValue, value);
  const node = schemaAt(schema, value, path);
  const ownWords = issue.code === 'custom' || issue.code === 'invalid_format';
  const expected = ownWords ? issue.message : `expected ${expectation(node, found)}`;
  if (found === undefined) {
    const others = otherBranches(schema, value, path.slice(0, -1));
    const instead = others === '' ? '' : ` Or give ${others}.`;
    return [{ path, text: `missing: ${expected}.${instead || meaning(node)}` }];
  }
  const isMistyped = typeof found === 'string' && !ownWords;
  const renamed = typeof found === 'string' ? renamedValues[fieldName(path)]?.[found] : undefined;
  const meant = renamed ?? (isMistyped ? nearest(found, choices(node)) : undefined);
  const suggestion = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return [{ path, text: `${expected}, found ${shown(found)}.${suggestion}` }];
}

/** Returns whether a value has a different type from the branch of a union. */
function isOtherKind(issue: z.core.$ZodIssue): boolean {
  return (
    issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')
  );
}

function unknownField(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const help =
    meant === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean "${meant}"?`;
  return `there is no such field. ${help}`;
}

function meaning(node: SchemaNode): string {
  return node.description === undefined ? '' : ` ${node.description}`;
}

/** Returns a value as the user wrote it, short enough for a line. */
function shown(value: unknown): string {
  const text = hasFields(value)
    ? Object.keys(value).join(', ') || 'nothing'
    : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/**
 * Writes a path as the name of a field.
 * @example fieldName(['compare', 1, 'method']) // 'compare[1].method'
 */
function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (name, key) =>
      typeof key === 'number' ? `${name}[${key}]` : `${name}${name && '.'}${String(key)}`,
    '',
  );
}

/**
 * Returns the line of the deepest part of `path` that the file has: the line of its key, if it has
 * one.
 */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    const name = isMap(node)
      ? node.items.find((pair) => keyText(pair.key) === key)?.key
      : undefined;
    const child = isCollection(node) ? node.get(key, true) : undefined;
    const start = startOf(name) ?? startOf(child);
    if (start === undefined) break;
    offset = start;
    node = child;
  }
  return lines.linePos(offset).line;
}

function keyText(key: unknown): unknown {
  return isNode(key) ? key.toJSON() : key;
}

/** Returns the offset of a node in the text; undefined if it is not in the text. */
function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
