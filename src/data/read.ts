/**
 * Reads a shard: examples in, one at a time, whatever the format. Objects are read at the version
 * that Plan pinned, so a shard gives the same examples every time.
 */
import { UserError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { DataConfig, ReadConfig, Task } from './config.ts';
import { type Example, isRejected, type Rejected } from './example.ts';
import { readCsv } from './formats/csv.ts';
import type { FormatReader } from './formats/format.ts';
import { readImages } from './formats/images.ts';
import { readParquet } from './formats/parquet.ts';
import { readWebDataset } from './formats/webdataset.ts';
import { isLabeled } from './layout.ts';
import { hashToUnit } from './random.ts';
import type { Shard } from './shard.ts';

const readers: Readonly<Record<DataConfig['format'], FormatReader>> = {
  webdataset: readWebDataset,
  parquet: readParquet,
  csv: readCsv,
  images: readImages,
};

/** Which tasks the examples of a format can serve. */
const tasks: Readonly<Record<DataConfig['format'], readonly Task['type'][]>> = {
  webdataset: ['image-classification'],
  parquet: ['image-classification', 'tabular-classification', 'vector-classification'],
  csv: ['tabular-classification'],
  images: ['image-classification'],
};

/**
 * The examples of a shard in order, and between them the ones that cannot be used, with the reason.
 * Labels of unlabeled data are left out. Where the shard is a part of one, only its examples (and
 * its rejected ones) are given.
 *
 * @throws UserError when the format cannot hold examples of the task, or a column is not there.
 */
export async function* readExamples(
  store: ObjectStore,
  shard: Shard,
  config: ReadConfig,
): AsyncGenerator<Example | Rejected> {
  const { format } = config.data;
  if (!tasks[format].includes(config.task.type)) {
    throw new UserError(
      `data.format ${format} cannot hold the examples of task.type ${config.task.type}.`,
      `With ${format}, task.type is ${tasks[format].join(' or ')}.`,
    );
  }
  const ids = new Set<string>();
  for await (const item of readers[format](store, shard, config)) {
    if (shard.part !== undefined && !isInPart(item.id, shard.part)) continue;
    if (isRejected(item)) yield item;
    else if (ids.has(item.id)) yield { id: item.id, reason: duplicateReason(item.id) };
    else {
      ids.add(item.id);
      yield isLabeled(shard.set) ? item : { ...item, label: undefined };
    }
  }
}

function isInPart(id: string, part: NonNullable<Shard['part']>): boolean {
  const place = hashToUnit(id, part.seed);
  return part.from <= place && place < part.to;
}

function duplicateReason(id: string): string {
  return `The id '${id}' appears twice in the shard; only the first example with it is used.`;
}
