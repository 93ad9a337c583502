/**
 * Cache of the decoded examples of one epoch for later epochs: all in memory, or all on the local
 * disk, or none. Texts are never cached on disk.
 */
import { constants } from 'node:buffer';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { readAhead } from '../data/ahead.ts';
import { hasTexts } from '../data/features/index.ts';
import type { SupervisedExample } from './batch.ts';
import { RecordFile } from './record-file.ts';
import { type RecordShape, Records, recordBytes } from './records.ts';
import { TextRecords } from './text-records.ts';

/** Example with its number in `epochOrder`. */
export interface NumberedExample extends SupervisedExample {
  readonly number: number;
}

export interface CachedBatch {
  readonly records: Records | TextRecords;
  /** Indices of the batch's examples in the records. */
  readonly indices: readonly number[];
}

export interface ExampleCache {
  /** Stores examples. @returns false if there is no room; the cache is unusable then. */
  keep(examples: readonly NumberedExample[]): Promise<boolean>;
  /** Reads stored examples in batches. Each batch is valid until the next one is read. */
  read(batches: Iterable<readonly number[]>): AsyncIterable<CachedBatch>;
  close(): Promise<void>;
}

/** Space that a cache may use. */
export interface CacheRoom {
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Folder on the disk. */
  readonly folder: string;
}

/**
 * Measures the space that a cache may use: a quarter of the free memory and a quarter of the free
 * disk, because other trainings may run on the same machine.
 */
export async function roomHere(folder = tmpdir()): Promise<CacheRoom> {
  const { bavail, bsize } = await statfs(folder);
  return {
    memoryBytes: Math.min(process.availableMemory() / 4, constants.MAX_LENGTH),
    diskBytes: (bavail * bsize) / 4,
    folder,
  };
}

/** Opens a cache. @returns undefined if there is no room for the examples. */
export async function openCache(
  shape: RecordShape,
  count: number,
  { memoryBytes, diskBytes, folder }: CacheRoom,
): Promise<ExampleCache | undefined> {
  if (hasTexts(shape.features)) {
    const records = TextRecords.reserve(count, shape.decisions, memoryBytes);
    return records && memoryCache(records);
  }
  const bytes = count * recordBytes(shape);
  if (bytes <= memoryBytes) return memoryCache(new Records(shape, count));
  if (bytes <= diskBytes) return fileCache(await RecordFile.create(folder), shape);
  return undefined;
}

function memoryCache(records: Records | TextRecords): ExampleCache {
  return {
    async keep(examples) {
      return examples.every(({ number, decoded, supervision }) =>
        records.put(number, decoded, supervision),
      );
    },
    async *read(batches) {
      for (const indices of batches) yield { records, indices };
    },
    async close() {},
  };
}

function fileCache(file: RecordFile, shape: RecordShape): ExampleCache {
  return {
    async keep(examples) {
      const records = new Records(shape, examples.length);
      examples.forEach(({ decoded, supervision }, index) => {
        records.put(index, decoded, supervision);
      });
      const numbers = examples.map(({ number }) => number);
      // If writing fails, such as on a full disk, later epochs decode the examples again.
      return file.write(records, numbers).then(
        () => true,
        () => false,
      );
    },
    // The next batch is read while the previous one trains.
    read: (batches) =>
      readAhead(batches, 2, async (numbers) => {
        const records = new Records(shape, numbers.length);
        await file.read(records, numbers);
        return { records, indices: numbers.map((_, index) => index) };
      }),
    close: () => file.close(),
  };
}
