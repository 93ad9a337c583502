/** Checks JSON Lines files, cuts large ones at the ends of lines, and samples their columns. */
import { UserError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { readAhead } from '../ahead.ts';
import type { UnreadColumn } from '../features/column-report.ts';
import type { ColumnSample } from '../features/kind.ts';
import { folderColumns } from '../partitions.ts';
import { type Piece, wholePiece } from '../shard.ts';
import { describeType, type ValueType } from '../value-type.ts';
import type { FormatCutter, SizedPiece } from './format.ts';
import { parseLine, requireLines } from './jsonl-lines.ts';
import { type Line, openLines } from './text-lines.ts';

/** Files read at the same time. */
const parallelFiles = 4;

/** Small files are checked up to this many bytes in all. */
const maxCheckedBytes = 2 ** 31;

/**
 * Reads every file once: its columns and, if it is larger than the limit, where its lines end. A
 * part of a file in gzip or UTF-16 has no range of bytes: its lines are counted from the start.
 */
export const cutJsonl: FormatCutter = async function* cutJsonl(store, objects, limitBytes) {
  let checkedBytes = 0;
  const cut = async (object: ObjectInfo): Promise<SizedPiece[]> => {
    checkedBytes += object.bytes;
    if (object.bytes <= limitBytes && checkedBytes > maxCheckedBytes) {
      return [{ piece: wholePiece(object), sizeBytes: object.bytes }];
    }
    return cutFile(store, object, limitBytes);
  };
  for await (const pieces of readAhead(objects, parallelFiles, cut)) yield* pieces;
};

/**
 * Minimum size for which a line counts, in bytes, because its example takes memory. A shard of 64
 * MiB then has at most a million examples.
 */
const minLineBytes = 64;

/** Maximum size of the text of a file in gzip or UTF-16, since each part is read from its start. */
const maxStreamedBytes = 2 ** 32;

async function cutFile(
  store: ObjectStore,
  object: ObjectInfo,
  limitBytes: number,
): Promise<SizedPiece[]> {
  const columns = new JsonColumns();
  const { isPlain, lines } = await openLines(store, wholePiece(object));
  const parts = new Parts(isPlain ? object.bytes : undefined, limitBytes);
  for await (const group of lines) {
    for (const line of group) {
      if (parts.lines === 0) requireLines(object.key, line);
      columns.add(line);
      parts.add(line);
      if (!isPlain && line.end > maxStreamedBytes) throw tooLarge(object.key);
    }
  }
  if (parts.lines > 1 && columns.objects === 0) {
    throw noObjects(object.key, parts.lines, parts.last!);
  }
  const facts = columns.facts(object.key);
  const found = parts.finish();
  if (found.length < 2) {
    return [
      { piece: wholePiece(object), sizeBytes: found[0]?.sizeBytes ?? object.bytes, ...facts },
    ];
  }
  return found.map(({ rows, range, sizeBytes }) => ({
    piece: { ...wholePiece(object), rows, ...(isPlain && { range }) },
    sizeBytes,
    ...facts,
  }));
}

/** Consecutive lines of a file that are read together. */
interface Part extends Required<Pick<Piece, 'rows' | 'range'>> {
  readonly sizeBytes: number;
}

/** Divides the lines of a file into parts of at most about `limitBytes`. */
class Parts {
  /** Number of lines so far. */
  lines = 0;
  last: Line | undefined;
  readonly #found: Part[] = [];
  readonly #partBytes: number;
  #start = { offset: 0, row: 0 };
  #sizeBytes = 0;

  /**
   * @param bytes Size of the text, if it is known. A large text is then divided into parts of about
   *   equal size. A small one is only divided if its lines count for more than the limit.
   */
  constructor(bytes: number | undefined, limitBytes: number) {
    this.#partBytes =
      bytes === undefined || bytes <= limitBytes
        ? limitBytes
        : bytes / Math.ceil(bytes / limitBytes);
  }

  add(line: Line): void {
    this.#sizeBytes += Math.max(line.end - (this.last?.end ?? 0), minLineBytes);
    this.lines++;
    this.last = line;
    if (this.#sizeBytes >= this.#partBytes) this.#cut(line);
  }

  finish(): readonly Part[] {
    if (this.#sizeBytes > 0) this.#cut(this.last!);
    return this.#found;
  }

  #cut(last: Line): void {
    const end = { offset: last.end, row: last.number + 1 };
    this.#found.push({
      rows: { start: this.#start.row, end: end.row },
      range: { start: this.#start.offset, end: end.offset },
      sizeBytes: this.#sizeBytes,
    });
    this.#start = end;
    this.#sizeBytes = 0;
  }
}

function tooLarge(key: string): UserError {
  return new UserError(
    `'${key}' has more than ${maxStreamedBytes / 2 ** 30} GiB of text, and a file in gzip or UTF-16 can only be read from its start.`,
    'Unpack it with gunzip, or convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW. A plain file in UTF-8 of any size is divided among shards.',
  );
}

/** Returns the error for a file of another format. A single damaged line may be quarantined. */
function noObjects(key: string, lines: number, last: Line): UserError {
  const parsed = parseLine(last);
  return new UserError(
    `'${key}' is not JSON Lines: none of its ${lines} lines is a JSON object. ${typeof parsed === 'string' ? parsed : ''}`,
    'Write one object per line, such as {"text": "…", "label": "…"}, or set data.format to the format of the files.',
  );
}

/** Collects the columns of lines: the fields of their objects. */
class JsonColumns {
  /** Number of lines that are objects. */
  objects = 0;
  readonly #types = new Map<string, ValueType>();

  add(line: Line): void {
    const parsed = parseLine(line);
    if (typeof parsed === 'string') return;
    this.objects++;
    for (const [name, value] of parsed) {
      this.#types.set(name, commonType(this.#types.get(name), typeOf(value)));
    }
  }

  get types(): ReadonlyMap<string, ValueType> {
    return this.#types;
  }

  /** Returns the names of the columns, those of folders too, and those that rows cannot have. */
  facts(key: string): Pick<SizedPiece, 'columns' | 'unread'> {
    const names = [...this.#types.keys()];
    if (names.length === 0) return {};
    return {
      columns: [...names, ...folderColumns(key, names).keys()],
      unread: [...unreadIn(this.#types)],
    };
  }
}

function* unreadIn(types: ReadonlyMap<string, ValueType>): Iterable<UnreadColumn> {
  for (const [name, type] of types) {
    if (type.kind === 'list' || type.kind === 'struct') {
      yield { name, reason: `${describeType(type)}; a row has single values` };
    }
  }
}

function typeOf(value: unknown): ValueType {
  if (Array.isArray(value)) {
    const items = value.map(typeOf);
    return { kind: 'list', item: items.reduce(commonType, { kind: 'nothing' }) };
  }
  if (value === null || value === undefined) return { kind: 'nothing' };
  if (typeof value === 'object') {
    return {
      kind: 'struct',
      fields: new Map(Object.entries(value).map(([name, field]) => [name, typeOf(field)])),
    };
  }
  if (typeof value === 'number') return { kind: Number.isInteger(value) ? 'integer' : 'float' };
  return { kind: typeof value === 'boolean' ? 'boolean' : 'text' };
}

/** Returns a type for the values of both; of a list and a single value, the list. */
function commonType(first: ValueType | undefined, second: ValueType): ValueType {
  if (first === undefined || first.kind === 'nothing') return second;
  if (second.kind === 'nothing' || first.kind === second.kind) {
    return first.kind === 'list' && second.kind === 'list'
      ? { kind: 'list', item: commonType(first.item, second.item) }
      : first;
  }
  const kinds = [first.kind, second.kind];
  const nested = [first, second].find(({ kind }) => kind === 'list' || kind === 'struct');
  if (nested !== undefined) return nested;
  return kinds.includes('integer') && kinds.includes('float')
    ? { kind: 'float' }
    : { kind: 'text' };
}

/** Lines that are sampled of a file. */
const sampledLines = 1_000;

/** Reads the columns of a file, with the values of its first lines; undefined without lines. */
export async function sampleJsonl(
  store: ObjectStore,
  object: ObjectInfo,
): Promise<readonly ColumnSample[] | undefined> {
  const columns = new JsonColumns();
  const objects: ReadonlyMap<string, unknown>[] = [];
  const { lines } = await openLines(store, wholePiece(object));
  let isFirst = true;
  reading: for await (const group of lines) {
    for (const line of group) {
      if (isFirst) requireLines(object.key, line);
      isFirst = false;
      columns.add(line);
      const parsed = parseLine(line);
      if (typeof parsed !== 'string') objects.push(parsed);
      if (objects.length === sampledLines) break reading;
    }
  }
  if (objects.length === 0) return undefined;
  const unread = new Map([...unreadIn(columns.types)].map(({ name, reason }) => [name, reason]));
  const folders = folderColumns(object.key, [...columns.types.keys()]);
  return [
    ...[...columns.types].map(([name, type]) => ({
      ...{ name, type, unread: unread.get(name) },
      values: objects.map((each) => each.get(name) ?? null),
    })),
    ...[...folders.keys()].map(
      (name): ColumnSample => ({ name, type: { kind: 'text' }, values: [], isFolder: true }),
    ),
  ];
}
