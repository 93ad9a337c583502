/**
 * Keeps the decoded examples of one epoch for those after it: all in memory, or else all on the local
 * disk, or else none.
 */
import { constants } from 'node:buffer';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { readAhead } from '../data/ahead.ts';
import type { SupervisedExample } from './batch.ts';
import { RecordFile } from './record-file.ts';
import { type RecordShape, Records, recordBytes } from './records.ts';

/** An example and its number, as `epochOrder` gives it. */
export interface NumberedExample extends SupervisedExample {
  readonly number: number;
}

export interface CachedBatch {
  readonly records: Records;
  /** Of the examples of the batch among the records. */
  readonly places: readonly number[];
}

export interface ExampleCache {
  /** @returns whether there was room for them; without, the cache is of no more use. */
  keep(examples: readonly NumberedExample[]): Promise<boolean>;
  /** Batches of examples that were kept. Each is good until the next one is asked for. */
  read(batches: Iterable<readonly number[]>): AsyncIterable<CachedBatch>;
  close(): Promise<void>;
}

/** What a cache may take of a machine. */
export interface CacheRoom {
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Where on the disk. */
  readonly folder: string;
}

/**
 * What is fair to take of this machine now, where another training may run beside this one: a quarter
 * of the memory that is free, and a quarter of the disk.
 */
export async function roomHere(folder = tmpdir()): Promise<CacheRoom> {
  const { bavail, bsize } = await statfs(folder);
  return {
    memoryBytes: Math.min(process.availableMemory() / 4, constants.MAX_LENGTH),
    diskBytes: (bavail * bsize) / 4,
    folder,
  };
}

/** @returns undefined where there is no room for so many examples. */
export async function openCache(
  shape: RecordShape,
  count: number,
  { memoryBytes, diskBytes, folder }: CacheRoom,
): Promise<ExampleCache | undefined> {
  const bytes = count * recordBytes(shape);
  if (bytes <= memoryBytes) return memoryCache(new Records(shape, count));
  if (bytes <= diskBytes) return fileCache(await RecordFile.create(folder), shape);
  return undefined;
}

function memoryCache(records: Records): ExampleCache {
  return {
    async keep(examples) {
      for (const { number, decoded, supervision } of examples) {
        records.put(number, decoded, supervision);
      }
      return true;
    },
    async *read(batches) {
      for (const places of batches) yield { records, places };
    },
    async close() {},
  };
}

function fileCache(file: RecordFile, shape: RecordShape): ExampleCache {
  return {
    async keep(examples) {
      const records = new Records(shape, examples.length);
      examples.forEach(({ decoded, supervision }, place) => {
        records.put(place, decoded, supervision);
      });
      const numbers = examples.map(({ number }) => number);
      // What cannot be written is decoded again: the disk may be full by now.
      return file.write(records, numbers).then(
        () => true,
        () => false,
      );
    },
    // The next batch is read while the one before trains.
    read: (batches) =>
      readAhead(batches, 2, async (numbers) => {
        const records = new Records(shape, numbers.length);
        await file.read(records, numbers);
        return { records, places: numbers.map((_, place) => place) };
      }),
    close: () => file.close(),
  };
}
