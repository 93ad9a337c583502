import type { ConfigInput } from '../config/schema.ts';
import { idColumn } from '../data/columns.ts';
import { dataSchema } from '../data/config.ts';
import type { UnreadColumn } from '../data/features/column-report.ts';
import { type KindName, kinds } from '../data/features/index.ts';
import type { ColumnSample } from '../data/features/kind.ts';
import { row } from '../data/features/row.ts';
import { textKind } from '../data/features/text.ts';
import type { ColumnSampler, Format } from '../data/formats/format.ts';
import { type FormatName, isDataFile } from '../data/formats/index.ts';
import { describeType, isScalar, isVectorList } from '../data/value-type.ts';
import { UserError } from '../errors.ts';
import { counted } from '../format.ts';
import type { ObjectStore } from '../store/store.ts';
import { notesOnFlags } from './flag-columns.ts';
import { isUsable } from './sampled-column.ts';
import { someObjects } from './some-objects.ts';
import { guessTarget, isLabelName } from './suggest-target.ts';
import { areContent, findTexts, holdsTexts, notesOnTexts, requireNames } from './text-columns.ts';

/** The kind of examples in a dataset, and the columns of a table. */
export interface Shape {
  readonly kind: KindName;
  readonly data: ConfigInput['data'];
  /** The column of the class, in a table. */
  readonly target: string;
  /** Whether the column of the class has lists. */
  readonly isMultiLabel?: boolean;
  /** The names of the classes, if the files of a table have them. */
  readonly classNames?: readonly string[] | undefined;
  /** Columns that may be features, in a table of rows. */
  readonly features?: readonly string[];
  /** Columns that rows cannot have, in a table of rows. */
  readonly unread?: readonly UnreadColumn[];
  /** Question to the user per field of the config that was chosen among several columns. */
  readonly questions?: Readonly<Record<string, string>>;
  /** Fields of the task that follow from the columns. */
  readonly fields?: { readonly text: string | string[] };
}

/** A sampled file of the labeled set. */
interface Sample {
  readonly key: string;
  readonly columns: readonly ColumnSample[];
}

/** Finds the kind of examples, and their columns, in the first labeled file that has rows. */
export async function findShape(
  store: ObjectStore,
  format: Format<FormatName>,
  notes: string[],
): Promise<Shape> {
  const { sampleColumns } = await format.load();
  if (sampleColumns === undefined) {
    return { kind: await findKind(store, format), data: { format: format.name }, target: 'label' };
  }
  const sample = await sampleFirst(store, format, sampleColumns);
  requireNames(sample.key, sample.columns);
  const target = await guessTarget(store, sample, contentColumns(sample, format), format, notes);
  return tableShape(sample, target, format, notes);
}

/** Finds the kind of examples in files that are not tables. */
async function findKind(store: ObjectStore, format: Format): Promise<KindName> {
  const { sampleKind } = await format.load();
  for await (const object of someObjects(store, 'labeled/')) {
    if (sampleKind === undefined) break;
    const kind = isDataFile(object.key, format) ? await sampleKind(store, object) : undefined;
    if (kind !== undefined) return kind;
  }
  return format.kinds[0]!;
}

async function sampleFirst(
  store: ObjectStore,
  format: Format,
  sampleColumns: ColumnSampler,
): Promise<Sample> {
  const data = dataSchema.parse({ format: format.name });
  let files = 0;
  for await (const object of someObjects(store, 'labeled/')) {
    if (!isDataFile(object.key, format)) continue;
    files++;
    const columns = await sampleColumns(store, object, data);
    if (columns !== undefined) return { key: object.key, columns };
  }
  throw new UserError(
    `labeled/ has no rows: init looked at ${counted(files, `${format.name} file`)}.`,
    'Put examples with their labels there.',
  );
}

/** Returns the columns that one of the format's kinds recognizes as content. */
function contentColumns({ columns }: Sample, { kinds: names }: Format): ColumnSample[] {
  const contents = names.flatMap((name) => kinds[name].column ?? []);
  return columns.filter(
    (sample) =>
      contents.some((content) => content.accepts(sample.type) && content.recognizes(sample)) ||
      (names.includes(textKind.name) && !isLabelName(sample.name) && holdsTexts(sample)),
  );
}

/** Takes the format's first kind that fits; rows fit if a column other than the class is usable. */
function tableShape(
  sample: Sample,
  target: ColumnSample,
  format: Format<FormatName>,
  notes: string[],
): Shape {
  const { name } = target;
  const classNames = (target.classNames?.length ?? 0) > 1 ? target.classNames : undefined;
  if (classNames !== undefined) {
    notes.push(`The names of the classes are in the metadata of ${sample.key}.`);
  }
  const label = name === 'label' ? {} : { label: name };
  const shape = { target: name, classNames, isMultiLabel: target.type.kind === 'list' };
  const features = sample.columns.filter((column) => column !== target);
  for (const kind of format.kinds) {
    const { column } = kinds[kind];
    if (column === undefined) {
      if (features.some((feature) => isUsable(feature, features))) break;
      continue;
    }
    const found = features.filter((each) => column.accepts(each.type) && column.recognizes(each));
    const usual = column.schema.parse(undefined);
    const chosen = found.find((each) => each.name === usual) ?? found[0];
    if (chosen === undefined) continue;
    const question = found.length > 1 ? askToChoose(chosen, found) : undefined;
    const field = `data.${column.field}`;
    if (question !== undefined) notes.push(`Choose ${field}: ${question}`);
    notes.push(...notesOnLengths(chosen));
    const id = idColumn(namesOf(sample.columns), { missing: [] });
    const unused = features.filter((each) => !found.includes(each) && each.name !== id);
    if (unused.length > 0) notes.push(`Not used: ${namesOf(unused).join(', ')}.`);
    notes.push(...notesOnFlags(target, unused));
    const isWritten = chosen.name !== usual || question !== undefined;
    const named = isWritten ? { [column.field]: chosen.name } : {};
    const questions = question === undefined ? {} : { [field]: question };
    return { ...shape, kind, data: { format: format.name, ...label, ...named }, questions };
  }
  const texts = findTexts(features, format);
  if (texts !== undefined) notes.push(...notesOnTexts(texts));
  if (texts !== undefined && areContent(texts)) {
    notes.push(...notesOnFlags(target, features));
    const [only, ...more] = texts.columns;
    const fields = { text: more.length === 0 ? only! : [...texts.columns] };
    return { ...shape, kind: textKind.name, data: { format: format.name, ...label }, fields };
  }
  refuseOnlyNested(sample.key, features, format);
  notes.push(...notesOnNested(features, format));
  const id = idColumn(namesOf(sample.columns), { missing: [] });
  const usable = features.filter((each) => each.unread === undefined && each.name !== id);
  const unread = features.flatMap(({ name, unread: reason }) => (reason ? { name, reason } : []));
  const data = { format: format.name };
  return { ...shape, kind: row.name, data, features: namesOf(usable), unread };
}

function namesOf(columns: readonly ColumnSample[]): string[] {
  return columns.map(({ name }) => name);
}

/** Asks the user to choose the content among several columns. */
function askToChoose(chosen: ColumnSample, found: readonly ColumnSample[]): string {
  const shown = found.map((column) => `${column.name} (${describeSample(column)})`).join(', ');
  const isList = chosen.type.kind === 'list';
  const size = isList ? '; with another one, set task.length too' : '';
  return `${counted(found.length, 'column')} can be the content: ${shown}. distill.yaml takes ${chosen.name}${size}.`;
}

/** Warns if the lists of a column of vectors have several lengths. */
function* notesOnLengths(chosen: ColumnSample): Iterable<string> {
  const lengths = listLengths(chosen);
  if (lengths.length < 2) return;
  yield `${chosen.name} has lists of ${lengths[0]} to ${lengths.at(-1)} numbers: a vector has one length, and lists of another length than task.length are quarantined.`;
}

/** Names the columns of lists and structs that rows leave out. */
function* notesOnNested(columns: readonly ColumnSample[], format: Format): Iterable<string> {
  for (const column of columns) {
    if (isScalar(column.type)) continue;
    const kind = format.kinds
      .map((name) => kinds[name])
      .find((each) => each.column?.accepts(column.type) && each.column.recognizes(column));
    const [length] = listLengths(column);
    const size = length === undefined ? '' : `, task.length: ${length}`;
    const instead = kind?.column
      ? ` To learn from it instead, set task.type: ${kind.task}${size} and data.${kind.column.field}: ${column.name}.`
      : ' To learn from it, write its values into columns of their own.';
    yield `Left out: ${column.name} (${describeSample(column)}), because a row has single values.${instead}`;
  }
  const index = columns.filter(({ isIndex }) => isIndex).map(({ name }) => name);
  if (index.length > 0) yield `Left out: ${index.join(', ')}, the index of a pandas data frame.`;
}

/** @throws UserError if all features are bytes, lists or structs that no kind can read. */
function refuseOnlyNested(key: string, features: readonly ColumnSample[], format: Format): void {
  const nested = features.filter(({ type }) => !isScalar(type) || type.kind === 'bytes');
  if (nested.length === 0 || features.some((feature) => isUsable(feature, features))) return;
  throw new UserError(
    `'${key}' has no column to learn from: ${nested.map((each) => `${each.name} has ${describeSample(each)}`).join(', ')}.`,
    format.kinds
      .map((name) => kinds[name])
      .flatMap(({ column, cells }) => column?.advice ?? cells?.advice ?? [])
      .join(' '),
  );
}

/** Describes a column; lists that have one length with it. */
function describeSample(sample: ColumnSample): string {
  const { type } = sample;
  const lengths = listLengths(sample);
  return lengths.length === 1 && isVectorList(type)
    ? `lists of ${lengths[0]} ${describeType(type.item)}`
    : describeType(type);
}

/** Returns the different lengths of the lists in a column, ascending. */
function listLengths({ values }: ColumnSample): number[] {
  const lengths = values.flatMap((value) => (Array.isArray(value) ? value.length : []));
  return [...new Set(lengths)].sort((a, b) => a - b);
}
