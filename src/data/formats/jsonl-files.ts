/** JSON Lines: one JSON object per line, plain or compressed with gzip (https://jsonlines.org). */
import type { ObjectStore } from '../../store/store.ts';
import { idColumn, labelColumn } from '../columns.ts';
import type { ColumnsConfig } from '../columns-config.ts';
import type { Content, Example, LabelOnly, Rejected } from '../example.ts';
import { isRejected } from '../example.ts';
import { kindOfTask } from '../features/index.ts';
import type { Cell } from '../features/row-values.ts';
import { jsonList, labelOfNames, namesInLabel } from '../label-list.ts';
import { nameOf } from '../layout.ts';
import { partitionsOf, pathConflict } from '../partitions.ts';
import { isLabeled, type Shard } from '../shard.ts';
import { namedCells } from './content-cells.ts';
import type { DataFile, FormatFiles } from './format.ts';
import { cutJsonl, sampleJsonl } from './jsonl-cut.ts';
import { describe, isNested, parseLine, requireLines, toCell } from './jsonl-lines.ts';
import { openLines } from './text-lines.ts';

export const jsonlFiles: FormatFiles = {
  read: (store, shard, config) => readJsonl(store, shard, config, contentReader(config)),
  readLabels: (store, shard, config) => readJsonl(store, shard, config, (item) => item),
  write: writeJsonl,
  cut: cutJsonl,
  sampleColumns: sampleJsonl,
};

/** The fields of a line's object, and the columns in the names of its folders. */
type Fields = ReadonlyMap<string, unknown>;

/** Makes an item of an id, a label and the fields of a line. */
type Converter<Item> = (item: LabelOnly, fields: Fields) => Item | Rejected;

async function* readJsonl<Item>(
  store: ObjectStore,
  { pieces, set }: Shard,
  config: ColumnsConfig,
  convert: Converter<Item>,
): AsyncGenerator<Item | Rejected> {
  const label = isLabeled(set) ? labelColumn(config.task, config.data) : undefined;
  const missing = new Set(['', ...config.data.missing]);
  const isMultiLabel = config.task.multiLabel === true;
  const columns = { label, id: config.data.id, missing, isMultiLabel };
  for (const piece of pieces) {
    const file = nameOf(piece);
    const folders = partitionsOf(piece.key);
    let isEmpty = true;
    for await (const lines of (await openLines(store, piece)).lines) {
      for (const line of lines) {
        if (isEmpty && piece.rows === undefined) requireLines(piece.key, line);
        isEmpty = false;
        const position = `${file}:${line.number}`;
        const parsed = parseLine(line);
        if (typeof parsed === 'string') {
          yield { id: position, reason: parsed };
          continue;
        }
        const item = toLabel(parsed, folders, position, columns);
        yield isRejected(item) ? item : convert(item, withFolders(parsed, folders));
      }
    }
    if (isEmpty)
      yield { id: file, reason: 'The file is empty; expected one JSON object per line.' };
  }
}

function withFolders(fields: Fields, folders: ReadonlyMap<string, string | null>): Fields {
  return folders.size === 0 ? fields : new Map([...folders, ...fields]);
}

interface LabelColumns {
  readonly id: string | undefined;
  readonly label: string | undefined;
  /** Texts that mean "missing". */
  readonly missing: ReadonlySet<string>;
  /** Whether a label may be a list. */
  readonly isMultiLabel: boolean;
}

function toLabel(
  fields: Fields,
  folders: ReadonlyMap<string, string | null>,
  position: string,
  { id: idName, label: labelName, missing, isMultiLabel }: LabelColumns,
): LabelOnly | Rejected {
  const own = withFolders(fields, folders);
  const name = idColumn([...own.keys()], { id: idName, missing: [] });
  const problem =
    (name === undefined ? undefined : problemOf(name, own.get(name))) ??
    (labelName === undefined
      ? undefined
      : labelProblem(labelName, own.get(labelName), isMultiLabel));
  if (problem !== undefined) return { id: position, reason: problem };
  const id = name === undefined ? position : textOf(own.get(name));
  if (id === undefined || missing.has(id)) return { id: position, reason: `It has no ${name}.` };
  if (labelName === undefined) return { id, label: undefined };
  // A text of data.missing stays, because it may be a class: `read.ts` decides.
  const value = own.get(labelName);
  const label = Array.isArray(value) ? labelOfNames(value.map(toCell)) : textOf(value);
  const inPath = fields.has(labelName) ? (folders.get(labelName) ?? undefined) : undefined;
  const reason = pathConflict(labelName, label, inPath);
  return reason === undefined ? { id, label } : { id, reason };
}

/** Returns why a value cannot be a label, or undefined. */
function labelProblem(name: string, value: unknown, isMultiLabel: boolean): string | undefined {
  if (!Array.isArray(value)) return problemOf(name, value);
  if (!isMultiLabel) return `${problemOf(name, value)} ${severalClasses}`;
  const odd = value.find((item) => item === null || isNested(item));
  if (odd === undefined) return value.map((item) => problemOf(name, item)).find(Boolean);
  return `Its field '${name}' has ${describe(odd)} in its list; expected texts or numbers.`;
}

const severalClasses = 'If an example can have several classes, set task.multiLabel: true.';

/** Returns why a value cannot be an id or a label, or undefined. */
function problemOf(name: string, value: unknown): string | undefined {
  if (isNested(value)) {
    return `Its field '${name}' is ${describe(value)}; expected one text or number.`;
  }
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) {
    return `Its field '${name}' has half of a surrogate pair, as a text has that was cut inside an emoji; files in UTF-8 cannot hold it.`;
  }
  if (typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value)) {
    return undefined;
  }
  return `Its field '${name}' is ${value}, and JSON keeps only the first digits of so large a number; write it in quotes.`;
}

function textOf(value: unknown): string | undefined {
  return toCell(value)?.toString().trim();
}

/** Creates the function that adds the content. */
function contentReader(config: ColumnsConfig): Converter<Example> {
  const read = fieldsReader(config);
  return (item, fields) => {
    const content = read(fields);
    return typeof content === 'string' ? { id: item.id, reason: content } : { ...item, content };
  };
}

/** Returns a function that makes content of the fields, or a sentence on why it cannot. */
function fieldsReader(config: ColumnsConfig): (fields: Fields) => Content | string {
  const { column } = kindOfTask(config.task);
  const cells = namedCells(config);
  if (cells !== undefined) {
    return (fields) => {
      if (!cells.names.some((name) => fields.has(name))) return noField(cells.names, fields);
      const values = cells.names.map((name) => fields.get(name));
      const nested = values.findIndex(isNested);
      if (nested < 0) return withColumns(cells.read(values.map(toCell)), cells.names, fields);
      return `Its field '${cells.names[nested]}' is ${describe(values[nested])}; expected a text.`;
    };
  }
  if (column === undefined) return rowOf;
  const name = config.data[column.field];
  return (fields) => {
    const value = fields.get(name);
    const items = Array.isArray(value) ? value : [];
    const odd = items.find((item) => item !== null && typeof item !== 'number');
    if (odd !== undefined) {
      return `Its field '${name}' has ${describe(odd)} in its list; expected ${column.expected}.`;
    }
    const content = column.read(value);
    return typeof content === 'string'
      ? `Its field '${name}' ${content}; expected ${column.expected}.`
      : content;
  };
}

/** Adds the names of the fields to a text if the line lacks one of its columns. */
function withColumns(
  content: Content | string,
  names: readonly string[],
  fields: Fields,
): Content | string {
  const isWhole = names.every((name) => fields.has(name));
  if (isWhole || typeof content === 'string' || content.kind !== 'text') return content;
  return { ...content, columns: [...fields.keys()] };
}

/** Fields that a reason lists. */
const maxListed = 8;

function noField(names: readonly string[], fields: Fields): string {
  const all = [...fields.keys()];
  const more = all.length > maxListed ? ' and others' : '';
  return `It has no field '${names.join("' or '")}'; its fields are ${all.slice(0, maxListed).join(', ')}${more}.`;
}

/** Returns the single values; lists and objects are left out, as Plan reports. */
function rowOf(fields: Fields): Content {
  const cells = [...fields].flatMap(([name, value]): [string, Cell][] =>
    isNested(value) ? [] : [[name, toCell(value)]],
  );
  return { kind: 'row', columns: Object.fromEntries(cells), isSparse: true };
}

async function writeJsonl(
  examples: readonly Example[],
  name: string,
  config: ColumnsConfig,
): Promise<DataFile[]> {
  const target = labelColumn(config.task, config.data);
  const { column } = kindOfTask(config.task);
  const cells = namedCells(config);
  const fieldsOf = (content: Content): Readonly<Record<string, unknown>> => {
    if (content.kind === 'row') return content.columns;
    if (cells !== undefined) return cells.write(content);
    return column ? { [config.data[column.field]]: Array.from(column.write(content)) } : {};
  };
  const lines = examples.map(({ id, label, content }) => {
    const fields = { [config.data.id ?? 'id']: id, ...fieldsOf(content) };
    const value = label !== undefined && config.task.multiLabel ? listOf(label) : label;
    return `${JSON.stringify(value === undefined ? fields : { ...fields, [target]: value })}\n`;
  });
  return [{ name: `${name}.jsonl`, bytes: Buffer.from(lines.join('')) }];
}

/** Returns the list of a label of a multi-label task. */
function listOf(label: string): readonly unknown[] | string {
  return jsonList(label) ?? namesInLabel(label) ?? label;
}
