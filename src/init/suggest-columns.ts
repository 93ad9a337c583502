import type { ConfigInput } from '../config/schema.ts';
import { type KindName, kinds } from '../data/features/index.ts';
import { row } from '../data/features/row.ts';
import type { Format } from '../data/formats/format.ts';
import type { FormatName } from '../data/formats/index.ts';
import { UserError } from '../errors.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';

/** Usual names of the column of the class, the most likely first. */
const labelNames = ['label', 'target', 'class', 'y', 'category', 'labels'];

/** The kind of examples in a dataset, and the columns of a table. */
export interface Shape {
  readonly kind: KindName;
  readonly data: ConfigInput['data'];
  /** The column of the class, in a table. */
  readonly target: string;
}

/** Finds the kind of examples, and their columns, in the first file of the labeled set. */
export async function findShape(
  store: ObjectStore,
  first: ObjectInfo,
  format: Format<FormatName>,
  notes: string[],
): Promise<Shape> {
  const { sampleColumns } = await format.load();
  if (sampleColumns === undefined) {
    return { kind: format.kinds[0]!, data: { format: format.name }, target: 'label' };
  }
  return tableShape(await sampleColumns(store, first), first.key, format, notes);
}

/** Takes the first kind that recognizes a column; a table without such a column has rows. */
function tableShape(
  columns: ReadonlyMap<string, unknown>,
  key: string,
  format: Format<FormatName>,
  notes: string[],
): Shape {
  const contents = format.kinds.flatMap((kind) => kinds[kind].column ?? []);
  const isContent = (name: string) =>
    contents.some((column) => column.recognizes(columns.get(name)));
  const target = guessTarget(
    [...columns.keys()].filter((name) => !isContent(name)),
    key,
    notes,
  );
  const label = target === 'label' ? {} : { label: target };
  for (const kind of format.kinds) {
    const { column } = kinds[kind];
    const name = [...columns.keys()].find((name) => column?.recognizes(columns.get(name)));
    if (column === undefined || name === undefined) continue;
    const isDefault = name === column.schema.parse(undefined);
    const named = isDefault ? {} : { [column.field]: name };
    return { kind, data: { format: format.name, ...label, ...named }, target };
  }
  return { kind: row.name, data: { format: format.name }, target };
}

function guessTarget(names: readonly string[], key: string, notes: string[]): string {
  const id = names.includes('id') ? 'id' : undefined;
  const candidates = names.filter((name) => name !== id);
  const usual = labelNames.flatMap((usual) =>
    candidates.filter((name) => name.toLowerCase() === usual),
  );
  const target = usual[0] ?? candidates.at(-1);
  if (target === undefined) {
    throw new UserError(`'${key}' has no column that could be the class.`, 'Add a column "label".');
  }
  const how = usual.length > 0 ? 'by its name' : 'because it is the last';
  notes.push(`The class is in the column ${target}, chosen ${how}.`);
  return target;
}
