/** A bucket with the files of a folder and, in `unlabeled/`, images that exist in listings only. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SimulatedObject {
  readonly key: string;
  /** Its ETag too. */
  readonly version: string;
  readonly bytes: number;
}

export interface SimulatedBucket {
  /** As ListObjectVersions answers: 1,000 objects at most, which follow `marker`. */
  page(prefix: string, marker: string | undefined): Page;
  /** A file of the folder. */
  read(key: string): (SimulatedObject & { readonly content: Buffer }) | undefined;
}

export interface Page {
  readonly objects: readonly SimulatedObject[];
  readonly isTruncated: boolean;
}

const pageSize = 1000;

/** @param images how many, of the same size. */
export function simulateBucket(
  folder: string,
  images: number,
  imageBytes: number,
): SimulatedBucket {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

  const read = (key: string) => {
    if (!files.includes(key)) return undefined;
    const content = readFileSync(join(folder, key));
    const version = createHash('md5').update(content).digest('hex');
    return { key, version, bytes: content.length, content };
  };

  return {
    read,
    page(prefix, marker) {
      const hasImages = 'unlabeled/'.startsWith(prefix) || prefix.startsWith('unlabeled/');
      const found = files.filter((key) => key.startsWith(prefix) && marker === undefined);
      const start = marker === undefined ? 0 : indexOf(marker) + 1;
      const end = hasImages ? Math.min(start + pageSize - found.length, images) : start;
      const objects: SimulatedObject[] = found.map((key) => read(key)!);
      for (let index = start; index < end; index++) {
        objects.push({ key: keyOf(index), version: versionOf(index), bytes: imageBytes });
      }
      return { objects, isTruncated: hasImages && end < images };
    },
  };
}

function keyOf(index: number): string {
  const batch = String(Math.floor(index / 10_000)).padStart(4, '0');
  return `unlabeled/batch-${batch}/image-${String(index).padStart(8, '0')}.jpg`;
}

/** As long as S3's. */
function versionOf(index: number): string {
  return (index * 2_654_435_761).toString(16).padStart(32, 'a');
}

function indexOf(key: string): number {
  return Number(/(\d+)\.jpg$/.exec(key)![1]);
}
