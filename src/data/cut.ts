/**
 * Cuts a set into shards: lists the objects, pins each to a version, groups small ones and cuts
 * large Parquet and CSV files. Reads footers of Parquet files and streams large CSV files once; the
 * rest is only listed. Memory holds the pieces of two shards, never the set.
 */
import { digestJson } from '../digest.ts';
import { UserError } from '../errors.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';
import { readAhead } from './ahead.ts';
import type { DataConfig } from './config.ts';
import { RecordScanner } from './formats/csv-records.ts';
import { batchOf, extensionsOf, isDataFile } from './layout.ts';
import type { Piece, SetName, Shard } from './shard.ts';
import { openParquet, ParquetError } from './tables/parquet-file.ts';

/** However small the files are: a worker should be done with a shard in a few minutes. */
const maxPieces = 2_000;

/** Footers of Parquet files read at the same time. */
const parallelFooters = 8;

/** A piece, and how much data is in it. */
interface SizedPiece {
  readonly piece: Piece;
  readonly sizeBytes: number;
}

/**
 * The shards of a set, of about `data.shardMiB` each, in the order of the keys, but for files that
 * lie loose between the folders of batches: a shard of them comes when it is full. None when there is
 * no object under `prefix`. A shard has objects of one batch only, so that a new batch changes no
 * shard of those before it, and only its own have to be labeled.
 *
 * @param prefix where the set is, such as 'labeled/' or 'unlabeled/monday/'.
 * @throws UserError when there are objects but none of the format, or a file is not what its
 *   extension says.
 */
export async function* cutShards(
  store: ObjectStore,
  set: SetName,
  prefix: string,
  data: DataConfig,
): AsyncGenerator<Shard> {
  const limitBytes = data.shardMiB * 2 ** 20;
  // The listing has a batch's objects in one place, but loose ones between the folders.
  let folder = draft('');
  let loose = draft('');
  const objects = dataObjects(store, prefix, data.format);
  for await (const { piece, sizeBytes } of cutObjects(store, objects, data.format, limitBytes)) {
    const batch = set === 'unlabeled' ? batchOf(piece.key) : '';
    let open = batch === '' ? loose : folder;
    const full = open.sizeBytes + sizeBytes > limitBytes || open.pieces.length >= maxPieces;
    if (full || open.batch !== batch) {
      if (open.pieces.length > 0) yield toShard(set, open.pieces, data);
      open = draft(batch);
      if (batch === '') loose = open;
      else folder = open;
    }
    open.pieces.push(piece);
    open.sizeBytes += sizeBytes;
  }
  for (const { pieces } of [folder, loose]) {
    if (pieces.length > 0) yield toShard(set, pieces, data);
  }
}

/** A shard that more pieces of the same batch may join. */
interface Draft {
  readonly batch: string;
  readonly pieces: Piece[];
  sizeBytes: number;
}

function draft(batch: string): Draft {
  return { batch, pieces: [], sizeBytes: 0 };
}

/**
 * The part of a shard whose examples fall in [from, to) of the unit interval, by the hash of their
 * id. Halves [0, x) and [x, 1) with the same seed share no example and miss none.
 *
 * @param set the set that the part belongs to. Default: the shard's own.
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

function toShard(set: SetName, pieces: readonly Piece[], data: DataConfig): Shard {
  const { format, id, label, image, vector, missing } = data;
  const facts = pieces.map(({ key, version, etag, bytes, rows, range }) => [
    ...[key, version, etag, bytes],
    ...[rows?.start, rows?.end, range?.start, range?.end],
  ]);
  return {
    id: digestJson([set, format, id, label, image, vector, missing, facts], 16),
    set,
    pieces: [...pieces],
  };
}

async function* dataObjects(
  store: ObjectStore,
  prefix: string,
  format: DataConfig['format'],
): AsyncGenerator<ObjectInfo> {
  let other: string | undefined;
  let found = false;
  for await (const object of store.list(prefix)) {
    if (isDataFile(object.key, format)) {
      found = true;
      yield object;
    } else if (!/(^|\/)[._][^/]*$/.test(object.key)) {
      other ??= object.key;
    }
  }
  if (!found && other !== undefined) {
    throw new UserError(
      `'${prefix}' has no files of the format ${format} ` +
        `(${extensionsOf(format).join(', ')}), but has others, such as '${other}'.`,
      'Set data.format in distill.yaml to the format of the files: webdataset, parquet, csv or images.',
    );
  }
}

async function* cutObjects(
  store: ObjectStore,
  objects: AsyncIterable<ObjectInfo>,
  format: DataConfig['format'],
  limitBytes: number,
): AsyncGenerator<SizedPiece> {
  if (format === 'parquet') {
    const cut = (object: ObjectInfo) => cutParquet(store, object, limitBytes);
    for await (const pieces of readAhead(objects, parallelFooters, cut)) yield* pieces;
    return;
  }
  for await (const object of objects) {
    if (format === 'csv' && object.bytes > limitBytes) yield* cutCsv(store, object, limitBytes);
    else yield { piece: pin(object), sizeBytes: object.bytes };
  }
}

function pin({ key, version, etag, bytes }: ObjectInfo): Piece {
  return { key, version, etag, bytes };
}

/** Runs of row groups of up to the limit; a larger row group is a piece by itself. */
async function cutParquet(
  store: ObjectStore,
  object: ObjectInfo,
  limitBytes: number,
): Promise<SizedPiece[]> {
  const runs: { start: number; end: number; bytes: number }[] = [];
  for (const group of await rowGroupsOf(store, object)) {
    const run = runs.at(-1);
    if (run !== undefined && run.bytes + group.bytes <= limitBytes) {
      run.end = group.end;
      run.bytes += group.bytes;
    } else {
      runs.push({ ...group });
    }
  }
  return runs.map(({ start, end, bytes }) => ({
    piece: { ...pin(object), rows: { start, end } },
    sizeBytes: bytes,
  }));
}

async function rowGroupsOf(store: ObjectStore, object: ObjectInfo) {
  try {
    return (await openParquet(store, object)).rowGroups.filter(({ start, end }) => end > start);
  } catch (error) {
    if (!(error instanceof ParquetError)) throw error;
    throw new UserError(
      `'${object.key}' is not a Parquet file: ${error.message}.`,
      'Write it again or take it out of the dataset.',
    );
  }
}

/** Parts of about equal size, each from the end of a record to the end of another. */
async function* cutCsv(
  store: ObjectStore,
  object: ObjectInfo,
  limitBytes: number,
): AsyncGenerator<SizedPiece> {
  const partBytes = object.bytes / Math.ceil(object.bytes / limitBytes);
  const scanner = new RecordScanner();
  // The first cut ends the header, which is in no part.
  let start: { offset: number; row: number } | undefined;
  const cut = (): SizedPiece | undefined => {
    const end = { offset: scanner.offset, row: scanner.records - 1 };
    const from = start;
    start = end;
    if (from === undefined || end.row === from.row) return undefined;
    const rows = { start: from.row, end: end.row };
    const range = { start: from.offset, end: end.offset };
    return { piece: { ...pin(object), rows, range }, sizeBytes: range.end - range.start };
  };
  for await (const chunk of await store.read(object.key, { version: object.version })) {
    let at: number | undefined = 0;
    while (at !== undefined) {
      at = scanner.advance(chunk, at, start === undefined ? 0 : start.offset + partBytes);
      if (at === undefined) break;
      const piece = cut();
      if (piece !== undefined) yield piece;
    }
  }
  scanner.finish();
  const last = start === undefined ? { piece: pin(object), sizeBytes: object.bytes } : cut();
  if (last !== undefined) yield last;
}
