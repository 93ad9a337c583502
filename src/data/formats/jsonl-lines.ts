/** The objects in a JSON Lines file. */
import { UserError } from '../../errors.ts';
import { hasFields } from '../../json.ts';
import { isTooDeep, maxJsonLevels } from '../../json-depth.ts';
import type { Cell } from '../features/row-values.ts';
import { type Line, maxLineBytes } from './text-lines.ts';

/** An object of a line, or a sentence on why the line has none. */
export type ParsedLine = ReadonlyMap<string, unknown> | string;

/** Parses a line. */
export function parseLine({ number, bytes }: Line): ParsedLine {
  const name = `Line ${number + 1}`;
  if (bytes === undefined) {
    return `${name} is longer than ${maxLineBytes / 2 ** 20} MiB; such lines are not read.`;
  }
  const text = bytes.toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `${name} is not JSON: ${pythonProblem(text, error) ?? messageOf(error)}.`;
  }
  if (isTooDeep(value)) {
    return `${name} has more than ${maxJsonLevels} levels of lists and objects; such lines are not read.`;
  }
  if (hasFields(value)) return new Map(Object.entries(value));
  return `${name} is ${describe(value)}; expected an object, such as {"text": "…", "label": "…"}.`;
}

/** Returns what is wrong with a line that Python wrote without care for JSON, or undefined. */
function pythonProblem(text: string, error: unknown): string | undefined {
  if (/^\{\s*'/.test(text)) return 'it is an object as Python prints it; write it with json.dumps';
  const [, found] = /token '?([NI])/.exec(String(error)) ?? [];
  const [number] = (found && /\b(?:NaN|Infinity)\b/.exec(text)) || [];
  return number && `it has ${number}, which Python writes; write null instead`;
}

/** Returns the error without the text around it, which differs from line to line. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^Unexpected token (.*?), .*$/s, 'unexpected character $1');
}

/** Describes a value that is not single: 'a list', 'an object'. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (hasFields(value)) return 'an object';
  return value === null ? 'null' : `a ${typeof value}`;
}

/** Returns whether a value is a list or an object, which a cell cannot hold. */
export function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** Converts a single value to a cell. Blank texts are missing. */
export function toCell(value: unknown): Cell {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  if (typeof value === 'number') return value;
  return typeof value === 'boolean' ? String(value) : null;
}

/**
 * Checks the first line of a file.
 * @throws UserError if the file is one JSON value over several lines, rather than one per line.
 */
export function requireLines(key: string, { bytes }: Line): void {
  const start = bytes?.toString('utf8', 0, 100).trim() ?? '';
  if (!/^(?:\[|\{$)/.test(start)) return;
  const what = start.startsWith('[') ? 'a JSON list' : 'one JSON value over several lines';
  throw new UserError(
    `'${key}' is ${what}, not JSON Lines.`,
    `Write one object per line: jq -c '${start.startsWith('[') ? '.[]' : '.'}' FILE > NEW`,
  );
}
