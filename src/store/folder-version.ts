/** Versions of files: reading a file at its version gives the same bytes. */
import { hash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { isMissing, systemCode } from './folder-failures.ts';

/**
 * Kinds of versions.
 *
 * - `content`: a digest for small files, so that copies and `touch` keep the version. Larger files
 *   have their stats: reading them would take too long.
 * - `time`: time and size, known without reading. Only for files that this program alone writes.
 */
export type VersionKind = 'content' | 'time';

/** Files below this size have a digest as their version, in bytes. */
export const smallFileBytes = 2 ** 20;

/**
 * Returns modification time and size. `FolderStore` gives a file that replaces another a later
 * time, so that this value never comes back.
 */
export function timeVersion({ mtimeNs, size }: BigIntStats): string {
  return `${mtimeNs}-${size}`;
}

/**
 * Returns a version from the stats. Tools can set a modification time back, but not the time of the
 * last change (ctime); the inode differs if another file took the name.
 */
export function statVersion(stats: BigIntStats): string {
  return `${timeVersion(stats)}-${stats.ctimeNs}-${stats.ino}`;
}

/** Returns the digest of the bytes: 128 bits of SHA-256. */
export function contentVersion(bytes: Uint8Array): string {
  return `sha256-${hash('sha256', bytes, 'hex').slice(0, 32)}`;
}

/** A regular file. */
export interface Inspected {
  readonly stats: BigIntStats;
  readonly version: string;
}

/**
 * Finds a file's stats and its `content` version; returns undefined if it is not a regular file.
 *
 * Synchronous, because for a small file four calls to the system take a quarter of the time that
 * promises of them would take.
 */
export function inspectFile(path: string): Inspected | undefined {
  const file = openIfAny(path);
  if (file === undefined) return undefined;
  if (file === unreadable) return inspectUnreadable(path);
  try {
    const stats = fstatSync(file, { bigint: true });
    if (!stats.isFile()) return undefined;
    const content = stats.size < smallFileBytes ? readAll(file, Number(stats.size)) : undefined;
    return { stats, version: content ? contentVersion(content) : statVersion(stats) };
  } finally {
    closeSync(file);
  }
}

/** A file without the permission to read it. Perhaps no stage needs it. */
const unreadable = Symbol('unreadable');

function inspectUnreadable(path: string): Inspected | undefined {
  const stats = statSync(path, { bigint: true });
  return stats.isFile() ? { stats, version: statVersion(stats) } : undefined;
}

/** Opens without waiting for a writer, as opening a named pipe would. */
function openIfAny(path: string): number | typeof unreadable | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    // ENXIO: a socket.
    if (isMissing(error) || systemCode(error) === 'ENXIO') return undefined;
    if (systemCode(error) === 'EACCES') return unreadable;
    throw error;
  }
}

/** Space for one small file; the bytes are used before the next file is read. */
const space = Buffer.allocUnsafeSlow(smallFileBytes);

function readAll(file: number, size: number): Uint8Array {
  let read = 0;
  while (read < size) {
    const count = readSync(file, space, read, size - read, read);
    if (count === 0) break;
    read += count;
  }
  return space.subarray(0, read);
}
