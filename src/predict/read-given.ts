/** Reads the examples of the user's files for a student. */

import { listNames } from '../data/columns.ts';
import type { ColumnsConfig } from '../data/columns-config.ts';
import { type Example, isRejected, type Rejected } from '../data/example.ts';
import { UserError } from '../errors.ts';
import { count, counted } from '../format.ts';
import type { InputItem } from '../models/student-input.ts';
import { nearest } from '../nearest.ts';
import type { GivenFile } from './file-choice.ts';

/** Upper bound on the files that are opened as one group. */
const maxGroup = 1_000;

/** Examples of a table that are held back until every column was seen in one of them. */
const maxHeld = 1_000;

/**
 * Yields the examples of the files in order, and between them those that cannot be used. Labels are
 * left out.
 *
 * @throws UserError if a table lacks a column that the student reads, or a file is not of its
 *   format.
 */
export async function* readGiven(
  files: AsyncIterable<GivenFile>,
  config: ColumnsConfig,
): AsyncGenerator<InputItem> {
  const columns = columnsRead(config);
  for await (const group of groupsOf(files)) {
    const [{ store, format, piece }] = group;
    const shard = { id: '', set: 'unlabeled', pieces: group.map((file) => file.piece) } as const;
    const { read } = await format.load();
    const examples = located(read(store, shard, config), group);
    try {
      if (columns.length === 0) yield* examples;
      else yield* withColumns(examples, columns, piece.key);
    } catch (error) {
      throw withoutConfig(error);
    }
  }
}

/** Adds file and row to the examples of a table that has ids of its own. */
async function* located(
  examples: AsyncIterable<Example | Rejected>,
  [{ piece }, ...others]: readonly [GivenFile, ...GivenFile[]],
): AsyncGenerator<InputItem> {
  let row = 0;
  for await (const item of examples) {
    const isShown = others.length > 0 || item.id.startsWith(piece.key);
    yield isShown ? item : { ...item, location: `${piece.key}:${row}` };
    row += isRejected(item) && !item.isOneRow ? (item.lost ?? 1) : 1;
  }
}

/** Returns the columns of rows or of texts that the student reads; none for other examples. */
function columnsRead({ task }: ColumnsConfig): readonly string[] {
  if ('text' in task && Array.isArray(task.text)) return task.text;
  return 'numeric' in task ? [...(task.numeric ?? []), ...(task.categorical ?? [])] : [];
}

/** Returns the columns of an example's row, as far as one of those that are read may be absent. */
function columnsOf(item: InputItem, read: readonly string[]): readonly string[] | undefined {
  if (!('content' in item)) return undefined;
  if (item.content.kind === 'text') return item.content.columns ?? read;
  return item.content.kind === 'row' ? Object.keys(item.content.columns) : undefined;
}

/** Groups files with one example each, so that several are read at once. */
async function* groupsOf(
  files: AsyncIterable<GivenFile>,
): AsyncGenerator<[GivenFile, ...GivenFile[]]> {
  let group: GivenFile[] = [];
  const take = (): [[GivenFile, ...GivenFile[]]] | [] => {
    const [first, ...others] = group;
    group = [];
    return first ? [[first, ...others]] : [];
  };
  for await (const file of files) {
    const [first] = group;
    const isAlike =
      file.format.examplesPerPiece === 1 &&
      file.format === first?.format &&
      file.store === first.store &&
      group.length < maxGroup;
    if (!isAlike) yield* take();
    group.push(file);
  }
  yield* take();
}

/**
 * Checks that a table has the columns. A row may lack one, so that rows are held back until each
 * column was seen, or the table is clearly without it.
 */
async function* withColumns(
  examples: AsyncIterable<InputItem>,
  columns: readonly string[],
  path: string,
): AsyncGenerator<InputItem> {
  const unseen = new Set(columns);
  const others = new Set<string>();
  let held: InputItem[] = [];
  let rows = 0;
  const check = () => {
    if (unseen.size > 0 && rows > 0) throw lacking(path, [...unseen], [...others], rows);
  };
  for await (const item of examples) {
    if (unseen.size === 0) {
      yield item;
      continue;
    }
    // An example that cannot be used is not held back: a file may have any number of them.
    if (isRejected(item)) {
      yield item;
      continue;
    }
    held.push(item);
    const present = columnsOf(item, columns);
    if (present === undefined) continue;
    rows++;
    for (const name of present) {
      if (!unseen.delete(name)) others.add(name);
    }
    if (unseen.size > 0 && rows < maxHeld) continue;
    check();
    yield* held;
    held = [];
  }
  check();
  yield* held;
}

function lacking(
  path: string,
  names: readonly string[],
  others: readonly string[],
  rows: number,
): UserError {
  const lacks = names.length === 1 ? 'the column' : `${count(names.length)} columns`;
  const where = rows >= maxHeld ? ` in its first ${counted(rows, 'row')}` : '';
  const meant = names.flatMap((name) => {
    const found = nearest(name, others);
    return found === undefined ? [] : [`'${found}' to '${name}'`];
  });
  const rename = meant.length > 0 ? `Perhaps rename ${meant.slice(0, 5).join(', ')}. ` : '';
  return new UserError(
    `${path} lacks ${lacks} ${listNames(names)}${where}, which the student reads. Its other columns: ${listNames(others)}`,
    `${rename}Give the columns as in the student's training; a value that is not known is empty, or null in JSON.`,
  );
}

/** Returns an error of a reader without its advice to change the config, which a student lacks. */
function withoutConfig(error: unknown): unknown {
  if (!(error instanceof UserError)) return error;
  const message = error.message.replace(/ \((?:data|task)\.\w+\)/g, '');
  const hint = error.hint
    ?.replace(/set (?:data\.(?:image|vector)|task\.text) in distill\.yaml/, 'name it with --column')
    .replace(/set data\.id in distill\.yaml/, 'set --id')
    .replace(/,? or set [\w.]+ (?:in distill\.yaml|to the format of the files)/, '');
  return new UserError(message, hint);
}
