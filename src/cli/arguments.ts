import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { ArgsDef } from 'citty';
import { nameVariable } from '../aws/deployment-name.ts';
import { nearest } from '../nearest.ts';
import { defaultResults } from '../run/keys.ts';

/** A command line that is wrong: reported with the command's usage line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `valueHint` of a last positional argument that may be given many times; all are in `_`. */
export const many = '…';

/** Checks the option --trainer of `deploy` and `images`. */
export function checkTrainer(trainer: string): void {
  if (['gpu', 'function'].includes(trainer)) return;
  throw new UsageError(`--trainer is gpu or function, found "${trainer}".`);
}

// Arguments that several commands take.
export const datasetArgument = {
  type: 'positional',
  description: 'Dataset: a folder with distill.yaml, or s3://bucket/prefix',
  required: true,
} as const;

export const resultsOption = {
  type: 'string',
  description: 'Location of the results: a folder, or s3://bucket/prefix',
  default: defaultResults,
} as const;

export const workersOption = {
  type: 'string',
  description: 'Number of worker processes',
  default: String(availableParallelism()),
} as const;

export const labelsFolderOption = {
  type: 'string',
  description: 'Folder for the labels. Default: ./RUN-labels',
} as const;

export const labelsFormatOption = {
  type: 'string',
  description: 'Format of the labels: parquet or jsonl',
  default: 'parquet',
} as const;

/** Option of the commands that use a deployment. `main` puts its value into the variable. */
export const nameOption = {
  type: 'string',
  description: `Name of the deployment. Default: ${nameVariable}, or the one without a name`,
} as const;

export const jsonOption = {
  type: 'boolean',
  description: 'Print the result as JSON and no progress',
} as const;

/**
 * Refuses arguments that citty would silently ignore: unknown options, options without their value
 * and surplus arguments.
 * @throws UsageError that suggests the nearest known option.
 */
export function checkArguments(args: readonly string[], definitions: ArgsDef): void {
  const options = optionsOf(definitions);
  const names = options.map(([name]) => name);
  const { tokens } = parse(args, definitions);
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const definition = names.includes(name) ? definitions[name] : undefined;
    if (definition === undefined) throw new UsageError(unknown('option', rawName, names, '--'));
    if (definition.type === 'boolean') {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value, found "${value}".`);
    } else if (!value || (value.startsWith('-') && !inlineValue)) {
      throw new UsageError(`${rawName} needs a value: ${definition.description}.`);
    }
  }
  const positionals = Object.keys(definitions).length - options.length;
  if (Object.values(definitions).some(({ valueHint }) => valueHint === many)) return;
  const surplus = tokens.filter(({ kind }) => kind === 'positional')[positionals];
  if (surplus) throw new UsageError(`Unexpected argument "${args[surplus.index]}".`);
}

/** Returns the value of the option --name, if the command has that option. */
export function nameIn(args: readonly string[], definitions: ArgsDef): string | undefined {
  if (definitions.name?.type !== 'string') return undefined;
  const { name } = parse(args, definitions).values;
  return typeof name === 'string' ? name : undefined;
}

function parse(args: readonly string[], definitions: ArgsDef) {
  const types = optionsOf(definitions).map(
    ([name, { type }]) => [name, { type: type === 'boolean' ? type : 'string' }] as const,
  );
  return parseArgs({
    args: [...args],
    options: Object.fromEntries(types),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
}

function optionsOf(definitions: ArgsDef) {
  return Object.entries(definitions).filter(([, { type }]) => type !== 'positional');
}

/**
 * Describes an unknown name and suggests the nearest known one.
 * @example unknown('command', 'rnu', ['run', 'plan']) // Unknown command "rnu". Did you mean run?
 */
export function unknown(
  what: 'command' | 'method' | 'option',
  found: string,
  known: readonly string[],
  prefix = '',
): string {
  const meant = nearest(found.slice(prefix.length), known);
  return `Unknown ${what} "${found}".${meant === undefined ? '' : ` Did you mean ${prefix}${meant}?`}`;
}

/** Parses `--workers`. @throws UsageError unless the text is a whole number, at least 1. */
export function parseWorkers(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) {
    throw new UsageError(`--workers needs a whole number, at least 1, found "${text}".`);
  }
  return Number(text);
}
