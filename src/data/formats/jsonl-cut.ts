/** Checks JSON Lines files, cuts large ones at the ends of lines, and samples their columns. */
import { UserError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../store/store.ts';
import { readAhead } from '../ahead.ts';
import type { UnreadColumn } from '../features/column-report.ts';
import type { ColumnSample } from '../features/kind.ts';
import { folderColumns } from '../partitions.ts';
import { wholePiece } from '../shard.ts';
import { describeType, type ValueType } from '../value-type.ts';
import type { FormatCutter, SizedPiece } from './format.ts';
import { parseLine, requireLines } from './jsonl-lines.ts';
import { type Line, openLines } from './text-lines.ts';

/** Files read at the same time. */
const parallelFiles = 4;

/** Small files are checked up to this many bytes in all. */
const maxCheckedBytes = 2 ** 31;

/** Reads every file once: its columns and, if it is larger than the limit, where its lines end. */
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

async function cutFile(
  store: ObjectStore,
  object: ObjectInfo,
  limitBytes: number,
): Promise<SizedPiece[]> {
  const columns = new JsonColumns();
  const { isPlain, lines } = await openLines(store, wholePiece(object));
  const parts = Math.ceil(object.bytes / limitBytes);
  const partBytes = isPlain ? object.bytes / parts : Number.POSITIVE_INFINITY;
  const cuts = [{ offset: 0, row: 0 }];
  let last: Line | undefined;
  let count = 0;
  for await (const group of lines) {
    for (const line of group) {
      if (last === undefined) requireLines(object.key, line);
      columns.add(line);
      last = line;
      count++;
      if (line.end < cuts.at(-1)!.offset + partBytes) continue;
      cuts.push({ offset: line.end, row: line.number + 1 });
    }
  }
  if (count > 1 && columns.objects === 0) throw noObjects(object.key, count, last!);
  const sizeBytes = last?.end ?? object.bytes;
  const facts = columns.facts(object.key);
  if (cuts.length === 1) return [{ piece: wholePiece(object), sizeBytes, ...facts }];
  if (last !== undefined && last.end > cuts.at(-1)!.offset) {
    cuts.push({ offset: last.end, row: last.number + 1 });
  }
  return cuts.slice(1).map((end, index) => {
    const start = cuts[index]!;
    const rows = { start: start.row, end: end.row };
    const range = { start: start.offset, end: end.offset };
    const piece = { ...wholePiece(object), rows, range };
    return { piece, sizeBytes: range.end - range.start, ...facts };
  });
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
