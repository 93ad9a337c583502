/**
 * Cuts a set into shards: lists the objects, pins each to a version, groups small ones and divides
 * large ones if the format can. Memory holds the pieces of two shards, never the set.
 */
import { digestJson } from '../digest.ts';
import { UserError } from '../errors.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';
import { namesOf } from '../table.ts';
import { contentColumns } from './columns-config.ts';
import type { ReadConfig } from './config.ts';
import type { UnreadColumn } from './features/column-report.ts';
import { kindOfTask } from './features/index.ts';
import type { Format, SizedPiece } from './formats/format.ts';
import { formats, isDataFile } from './formats/index.ts';
import { classesLikeMissing } from './labels.ts';
import { batchOf } from './layout.ts';
import type { LeftOutFiles } from './left-out.ts';
import { isLabeled, type Piece, type SetName, type Shard, wholePiece } from './shard.ts';

/** Version of the rules by which an example has a label or none: it decides a shard's examples. */
const labelRules = 2;

/** Upper bound on the pieces of a shard: a worker should finish a shard in a few minutes. */
const maxPieces = 2_000;

/**
 * Cuts a set into shards of about `data.shardMiB` each, in the order of the keys. Yields no shard
 * if there is no object under `prefix`. A shard has objects of one batch only. So a new batch
 * changes no earlier shard, and only its own shards have to be labeled. Files outside batch folders
 * are collected into shards of their own.
 *
 * @param prefix The folder of the set, such as 'labeled/' or 'unlabeled/monday/'.
 * @param leftOut Receives every object, to count those that are not data.
 * @param onFile Receives every file of a table, once per piece.
 * @throws UserError if there are objects but none of the format, or a file does not fit its
 *   extension.
 */
export async function* cutShards(
  store: ObjectStore,
  set: SetName,
  prefix: string,
  config: ReadConfig,
  leftOut?: LeftOutFiles,
  onFile: (file: TableFile) => void = () => {},
): AsyncGenerator<Shard> {
  const { data } = config;
  const limitBytes = data.shardMiB * 2 ** 20;
  // A listing has a batch's objects next to each other, and loose objects between the folders.
  let folder = draft('');
  let loose = draft('');
  const format = formats[data.format];
  const objects = dataObjects(store, prefix, format, leftOut);
  const { cut } = await format.load();
  const pieces = cut?.(store, objects, limitBytes, data) ?? wholeObjects(objects);
  for await (const { piece, sizeBytes, columns, unread } of pieces) {
    if (columns !== undefined) onFile({ set, key: piece.key, columns, unread });
    const batch = set === 'unlabeled' ? batchOf(piece.key) : '';
    let open = batch === '' ? loose : folder;
    const full = open.sizeBytes + sizeBytes > limitBytes || open.pieces.length >= maxPieces;
    if (full || open.batch !== batch) {
      if (open.pieces.length > 0) yield toShard(set, open.pieces, config);
      open = draft(batch);
      if (batch === '') loose = open;
      else folder = open;
    }
    open.pieces.push(piece);
    open.sizeBytes += sizeBytes;
  }
  for (const { pieces } of [folder, loose]) {
    if (pieces.length > 0) yield toShard(set, pieces, config);
  }
}

/** A file of a table, and the names of its columns. */
export interface TableFile {
  readonly set: SetName;
  readonly key: string;
  readonly columns: readonly string[];
  /** Those that rows cannot have. */
  readonly unread?: readonly UnreadColumn[] | undefined;
}

/** A shard to which more pieces of the same batch may be added. */
interface Draft {
  readonly batch: string;
  readonly pieces: Piece[];
  sizeBytes: number;
}

function draft(batch: string): Draft {
  return { batch, pieces: [], sizeBytes: 0 };
}

/**
 * Returns the part of a shard whose examples fall in [from, to) of the unit interval, by the hash
 * of their id. The parts [0, x) and [x, 1) with the same seed are disjoint and cover the shard.
 *
 * @param set Set that the part belongs to. Default: the shard's own.
 */
export function withPart(
  shard: Shard,
  part: NonNullable<Shard['part']>,
  set: SetName = shard.set,
): Shard {
  return {
    ...shard,
    id: digestJson([shard.id, set, part.seed, part.from, part.to], 16),
    set,
    part,
  };
}

function toShard(set: SetName, pieces: readonly Piece[], config: ReadConfig): Shard {
  const { data } = config;
  const { format, id, label, missing, delimiter } = data;
  const facts = pieces.map(({ key, version, bytes, rows, range }) => [
    ...[key, version, bytes],
    ...[rows?.start, rows?.end, range?.start, range?.end],
  ]);
  const reading = [set, format, id, label, ...contentColumns(data), missing, facts];
  // Archives can hold both images and texts.
  const { name, cells: named } = kindOfTask(config.task);
  const cells = named ? [name, ...named.names(config.task)] : [];
  const { multiLabel } = config.task;
  const labels = isLabeled(set)
    ? [labelRules, classesLikeMissing(config), ...(multiLabel ? ['multiLabel'] : [])]
    : [];
  return {
    id: digestJson(
      [...reading, ...cells, ...(delimiter === undefined ? [] : [delimiter]), ...labels],
      16,
    ),
    set,
    pieces: [...pieces],
  };
}

async function* dataObjects(
  store: ObjectStore,
  prefix: string,
  format: Format,
  leftOut: LeftOutFiles | undefined,
): AsyncGenerator<ObjectInfo> {
  let other: string | undefined;
  let found = false;
  for await (const object of store.list(prefix)) {
    if (format.versionLog?.test(object.key)) throw versionedTable(object.key);
    const isData = isDataFile(object.key, format);
    leftOut?.add(object.key, isData);
    if (isData) {
      found = true;
      yield object;
    } else if (!/(^|\/)[._][^/]*$/.test(object.key)) {
      other ??= object.key;
    }
  }
  if (!found && other !== undefined) {
    throw new UserError(
      `'${prefix}' has no files of the format ${format.name} ` +
        `(${format.extensions.join(', ')}), but has others, such as '${other}'.`,
      isDataFile(other.replace(compression, ''), format)
        ? `Files of the format ${format.name} are read uncompressed: decompress them, such as with gunzip.`
        : `Set data.format in distill.yaml to the format of the files: ${namesOf(formats).join(', ')}.`,
    );
  }
}

/** Extension of a compressed file. */
const compression = /\.(gz|bz2|xz|zst|zip)$/i;

/** Returns the error about a table that also has rows of earlier versions. */
export function versionedTable(key: string): UserError {
  return new UserError(
    `'${key}' belongs to a table with versions (Delta, Hudi or Iceberg): its folder also has rows of earlier versions.`,
    'Write its current rows as plain Parquet files into a folder of their own, and put that folder into the dataset.',
  );
}

async function* wholeObjects(objects: AsyncIterable<ObjectInfo>): AsyncGenerator<SizedPiece> {
  for await (const object of objects) {
    yield { piece: wholePiece(object), sizeBytes: object.bytes };
  }
}
