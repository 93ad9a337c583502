import type { ConfigInput } from '../config/schema.ts';
import type { Format } from '../data/formats/format.ts';
import type { FormatName } from '../data/formats/index.ts';
import type { Task } from '../data/task.ts';
import { UserError } from '../errors.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';

const labelNames = ['label', 'target', 'class', 'y', 'category', 'labels'];

/** What kind of examples there are, and which columns hold what. */
export interface Shape {
  readonly type: Task['type'];
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
    return { type: format.tasks[0]!, data: { format: format.name }, target: 'label' };
  }
  return tableShape(await sampleColumns(store, first), first.key, format, notes);
}

function tableShape(
  columns: ReadonlyMap<string, unknown>,
  key: string,
  { name: format }: Format<FormatName>,
  notes: string[],
): Shape {
  const names = [...columns.keys()];
  const kindOf = (name: string) => kindOfValue(columns.get(name));
  const named = (kind: ReturnType<typeof kindOf>) => names.find((name) => kindOf(name) === kind);
  const target = guessTarget(
    names.filter((name) => kindOf(name) === 'scalar'),
    key,
    notes,
  );
  const image = named('image');
  const vector = named('vector');
  const label = target === 'label' ? {} : { label: target };
  if (image !== undefined) {
    return {
      type: 'image-classification',
      data: { format, ...label, ...(image !== 'image' && { image }) },
      target,
    };
  }
  if (vector !== undefined) {
    return {
      type: 'vector-classification',
      data: { format, ...label, ...(vector !== 'features' && { vector }) },
      target,
    };
  }
  return { type: 'tabular-classification', data: { format }, target };
}

function kindOfValue(value: unknown): 'image' | 'vector' | 'scalar' {
  if (Array.isArray(value)) return 'vector';
  const bytes = value instanceof Object && 'bytes' in value ? value.bytes : value;
  return bytes instanceof Uint8Array && isImageFile(bytes) ? 'image' : 'scalar';
}

/** By the first bytes of JPEG, PNG and WebP. */
function isImageFile(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
  return start.startsWith('\u00ff\u00d8') || start === '\u0089PNG' || start === 'RIFF';
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
