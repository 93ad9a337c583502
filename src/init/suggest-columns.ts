import { text } from 'node:stream/consumers';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { ConfigInput } from '../config/schema.ts';
import type { DataConfig, Task } from '../data/config.ts';
import { openParquet } from '../data/tables/parquet-file.ts';
import { UserError } from '../errors.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';

const labelNames = ['label', 'target', 'class', 'y', 'category', 'labels'];

/** A CSV header is not longer. */
const maxHeaderBytes = 65_536;

/** What kind of examples there are, and which columns hold what. */
export interface Shape {
  readonly type: Task['type'];
  readonly data: ConfigInput['data'];
  /** The column of the class, in a table. */
  readonly target: string;
}

/** Tells the kind of examples, and their columns, from the first file of the labeled set. */
export async function findShape(
  store: ObjectStore,
  first: ObjectInfo,
  format: DataConfig['format'],
  notes: string[],
): Promise<Shape> {
  switch (format) {
    case 'webdataset':
    case 'images':
      return { type: 'image-classification', data: { format }, target: 'label' };
    case 'csv': {
      const target = guessTarget(await csvHeader(store, first), first.key, notes);
      return { type: 'tabular-classification', data: { format }, target };
    }
    case 'parquet':
      return parquetShape(store, first, notes);
  }
}

async function csvHeader(
  store: ObjectStore,
  { key, version, bytes }: ObjectInfo,
): Promise<string[]> {
  const range = { start: 0, end: Math.min(bytes, maxHeaderBytes) };
  const head = await text(await store.read(key, { version, range }));
  const records = z.array(z.array(z.string())).parse(parse(head, { bom: true, to: 1, trim: true }));
  const [header] = records;
  if (header === undefined) throw new UserError(`'${key}' is empty; expected a header and rows.`);
  return header;
}

async function parquetShape(
  store: ObjectStore,
  first: ObjectInfo,
  notes: string[],
): Promise<Shape> {
  const file = await openParquet(store, first);
  const names = file.columns.map(({ name }) => name);
  const group = file.rowGroups.find(({ start, end }) => end > start);
  if (group === undefined) throw new UserError(`'${first.key}' has no rows.`);
  const columns = await file.readColumns(names, group);
  const kindOf = (name: string) => kindOfValue(columns.get(name)?.[0]);
  const named = (kind: ReturnType<typeof kindOf>) => names.find((name) => kindOf(name) === kind);
  const target = guessTarget(
    names.filter((name) => kindOf(name) === 'scalar'),
    first.key,
    notes,
  );
  const image = named('image');
  const vector = named('vector');
  const label = target === 'label' ? {} : { label: target };
  if (image !== undefined) {
    return {
      type: 'image-classification',
      data: { format: 'parquet', ...label, ...(image !== 'image' && { image }) },
      target,
    };
  }
  if (vector !== undefined) {
    return {
      type: 'vector-classification',
      data: { format: 'parquet', ...label, ...(vector !== 'features' && { vector }) },
      target,
    };
  }
  return { type: 'tabular-classification', data: { format: 'parquet' }, target };
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
