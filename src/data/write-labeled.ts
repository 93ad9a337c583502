/** Writes examples with their labels in the format of a dataset, as a user would put them there. */

import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { pack } from 'tar-stream';
import { digestJson } from '../digest.ts';
import type { ObjectStore } from '../store/store.ts';
import type { ReadConfig } from './config.ts';
import type { Example } from './example.ts';
import { labelColumn } from './layout.ts';
import type { SetName } from './shard.ts';
import { createTableWriter } from './tables/parquet-table.ts';

/** An example, and what it is. */
export interface LabeledExample extends Example {
  readonly label: string;
}

/** Of a row group: readers hold one at a time. */
const rowGroupSize = 2000;

/**
 * One file; of plain images, one an example, in the folder of its class. The same examples make the
 * same files.
 * @returns their keys.
 */
export async function writeLabeled(
  store: ObjectStore,
  set: SetName,
  examples: readonly LabeledExample[],
  config: ReadConfig,
): Promise<string[]> {
  const files = await filesOf(examples, config);
  const keys: string[] = [];
  for (const [name, bytes] of files) {
    const key = `${set}/${name}`;
    await store.write(key, bytes);
    keys.push(key);
  }
  return keys;
}

async function filesOf(
  examples: readonly LabeledExample[],
  config: ReadConfig,
): Promise<[name: string, bytes: Uint8Array][]> {
  const name = `answers-${digestOf(examples)}`;
  switch (config.data.format) {
    case 'images':
      return examples.map((example) => [imageName(example), imageBytes(example)]);
    case 'webdataset':
      return [[`${name}.tar`, await archiveOf(examples)]];
    case 'csv':
      return [[`${name}.csv`, Buffer.from(csvOf(examples, config))]];
    case 'parquet':
      return [[`${name}.parquet`, parquetOf(examples, config)]];
  }
}

function digestOf(examples: readonly LabeledExample[]): string {
  const facts = examples.map(({ id, label }) => [id, label]);
  return digestJson(facts, 12);
}

/** An id is a path in its set: one name, with what keeps names of different folders apart. */
function fileName(id: string): string {
  return `${createHash('sha256').update(id).digest('hex').slice(0, 8)}-${id.split('/').at(-1)}`;
}

function imageName({ id, label }: LabeledExample): string {
  return `${label}/${fileName(id)}`;
}

function imageBytes({ content }: Example): Uint8Array {
  if (content.kind !== 'image') throw new Error('this format holds images');
  return content.bytes;
}

async function archiveOf(examples: readonly LabeledExample[]): Promise<Uint8Array> {
  const archive = pack();
  examples.forEach((example, place) => {
    const name = String(place).padStart(6, '0');
    const bytes = Buffer.from(imageBytes(example));
    archive.entry({ name: `${name}.${extensionOf(bytes)}`, mtime }, bytes);
    archive.entry({ name: `${name}.cls`, mtime }, example.label);
  });
  archive.finalize();
  return buffer(archive);
}

/** Of every member: the same examples make the same bytes. */
const mtime = new Date(0);

/** By the first bytes of the file. */
function extensionOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'jpg';
  return bytes[0] === 0x89 ? 'png' : 'webp';
}

function csvOf(examples: readonly LabeledExample[], config: ReadConfig): string {
  const target = labelColumn(config.task, config.data);
  const rows = examples.map(({ label, content }) => {
    if (content.kind !== 'row') throw new Error('this format holds rows');
    return { ...content.columns, [target]: label };
  });
  const names = Object.keys(rows[0] ?? {});
  const lines = rows.map((row: Record<string, string | number | null>) =>
    names.map((name) => csvField(row[name] ?? '')).join(),
  );
  return `${[names.map(csvField).join(), ...lines].join('\n')}\n`;
}

/** A field of a CSV file, in quotes where it has to be (RFC 4180). */
export function csvField(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A Parquet file of examples; it has the column of the labels where they have labels. */
export function parquetOf(examples: readonly Example[], { task, data }: ReadConfig): Uint8Array {
  const target = labelColumn(task, data);
  const id = data.id ?? 'id';
  const ids = examples.map((example) => example.id);
  const labels = examples.flatMap(({ label }) => label ?? []);
  const isLabeled = labels.length > 0;
  if (task.type === 'vector-classification') {
    const table = createTableWriter({
      ...{ [id]: 'text', ...(isLabeled && { [target]: 'text' }) },
      [data.vector]: { floats: task.length },
    });
    const vectors = new Float32Array(examples.length * task.length);
    examples.forEach(({ content }, row) => {
      if (content.kind === 'vector') vectors.set(content.values, row * task.length);
    });
    table.append(examples.length, { [id]: ids, [target]: labels, [data.vector]: vectors });
    return table.finish();
  }
  const columnData: ColumnSource[] = [
    { name: id, type: 'STRING', data: ids },
    ...contentColumns(examples, data.image).filter(({ name }) => name !== id && name !== target),
    ...(isLabeled ? [{ name: target, type: 'STRING' as const, data: labels }] : []),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
}

function contentColumns(examples: readonly Example[], image: string): ColumnSource[] {
  const contents = examples.map(({ content }) => content);
  const rows = contents.flatMap((content) => (content.kind === 'row' ? [content.columns] : []));
  if (rows.length === 0) {
    return [{ name: image, type: 'BYTE_ARRAY', data: examples.map(imageBytes) }];
  }
  return Object.keys(rows[0]!).map((name) => {
    const values = rows.map((row) => row[name]);
    const isNumeric = values.every((value) => value === null || typeof value === 'number');
    return { name, type: isNumeric ? 'DOUBLE' : 'STRING', data: values };
  });
}
