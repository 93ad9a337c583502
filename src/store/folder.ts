import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats, Dirent } from 'node:fs';
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { UserError } from '../errors.ts';
import { claim } from './claim.ts';
import { changedError, clipRange, missingError } from './failures.ts';
import {
  explainFileError,
  isMissing,
  notUnicodeError,
  systemCode,
  takenError,
} from './folder-failures.ts';
import { checkKey, compareKeys } from './key.ts';
import type {
  ByteRange,
  ListedObject,
  ObjectInfo,
  ObjectStore,
  ReadOptions,
  WriteCondition,
} from './store.ts';

/** Holds files being written and claims; hidden, so never listed. */
const workFolder = '.tmp';

/** The longest file name on the usual file systems, in bytes. */
const maxNameBytes = 255;

/** Bytes read per system call: a call then costs about as much as copying its bytes. */
const chunkBytes = 2 ** 18;

/** Age from which an unfinished file belongs to a dead process: a write takes seconds. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

/**
 * A folder as an object store, for many processes of one machine at once.
 *
 * - An object's version and ETag are its modification time and size, so they are known without
 *   reading. Versions never come back, because an object that replaces another gets a later time.
 * - A file appears under its key in one step (link or rename), after all its bytes are on the disk.
 *   A process killed before that leaves a hidden file, which a later process removes.
 * - `ifAbsent` is link(2), which fails if the name is taken; replacing goes through `claim`.
 * - Hidden files (.DS_Store) are left out. Symbolic links are followed.
 */
export class FolderStore implements ObjectStore {
  readonly location: string;
  #swept = false;

  constructor(folder: string) {
    this.location = resolve(folder);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const stats = await this.#stat(key);
    return stats && describe(key, stats);
  }

  async read(key: string, { version, range }: ReadOptions = {}): Promise<Readable> {
    const handle = await this.#open(key);
    try {
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile()) throw missingError(this.#name(key));
      const pinned = describe(key, stats);
      if (version !== undefined && version !== pinned.version) {
        throw changedError(this.#name(key));
      }
      return this.#stream(handle, pinned, clipRange(range, pinned.bytes, this.#name(key)));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async write(
    key: string,
    body: Uint8Array,
    condition?: WriteCondition,
  ): Promise<ObjectInfo | undefined> {
    const present = await this.head(key);
    if (condition && !holds(condition, present)) return undefined;
    const temporary = await this.#writeTemporary(key, body);
    try {
      if (condition && 'ifAbsent' in condition) return await this.#create(key, temporary);
      if (condition) return await this.#replace(key, temporary, condition.ifMatch);
      return await this.#overwrite(key, temporary);
    } catch (error) {
      throw explainFileError(error, this.#name(key));
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    if (prefix !== '') checkKey(prefix);
    yield* this.#walk('', prefix, new Set());
  }

  /**
   * @param folder Empty, or a key with "/" at its end.
   * @param above Device and inode of the parent folders: a link to one of them is a cycle.
   */
  async *#walk(folder: string, prefix: string, above: Set<string>): AsyncGenerator<ListedObject> {
    const stats = await statIfAny(join(this.location, folder));
    const identity = `${stats?.dev}:${stats?.ino}`;
    if (!stats && folder.includes('\uFFFD')) throw notUnicodeError(this.#name(folder));
    if (!stats?.isDirectory() || above.has(identity)) return;
    for (const entry of await this.#entries(folder, prefix)) {
      if (entry.endsWith('/')) {
        yield* this.#walk(entry, prefix, new Set(above).add(identity));
      } else {
        const found = await this.#stat(entry);
        if (found) yield { ...describe(entry, found), modified: found.mtime };
        else if (entry.includes('\uFFFD')) throw notUnicodeError(this.#name(entry));
      }
    }
  }

  /** Lists a folder's keys below the prefix, in order; those of folders end with "/". */
  async #entries(folder: string, prefix: string): Promise<string[]> {
    const files = await this.#readdir(folder);
    const keys: string[] = [];
    for (const file of files) {
      if (file.name.startsWith('.')) continue;
      const key = folder + file.name + ((await isFolder(file)) ? '/' : '');
      if (key.startsWith(prefix) || (key.endsWith('/') && prefix.startsWith(key))) keys.push(key);
    }
    // "a-b" comes before "a/b": a folder's name is compared with its slash.
    return keys.sort(compareKeys);
  }

  async #readdir(folder: string): Promise<Dirent[]> {
    try {
      return await readdir(join(this.location, folder), { withFileTypes: true });
    } catch (error) {
      if (isMissing(error)) return [];
      throw explainFileError(error, this.#name(folder));
    }
  }

  async #open(key: string): Promise<FileHandle> {
    try {
      return await open(this.#path(key));
    } catch (error) {
      throw isMissing(error)
        ? missingError(this.#name(key))
        : explainFileError(error, this.#name(key));
    }
  }

  /** Reads through one open file. A replacement is another file, so its bytes cannot mix in. */
  #stream(handle: FileHandle, pinned: ObjectInfo, range: ByteRange): Readable {
    let position = range.start;
    const next = async (size: number): Promise<Buffer | null> => {
      const wanted = Math.min(size, range.end - position);
      const space = Buffer.allocUnsafe(wanted);
      const { buffer, bytesRead } = await handle.read(space, 0, wanted, position);
      position += bytesRead;
      if (bytesRead > 0) return buffer.subarray(0, bytesRead);
      // Another tool may have written into the file in place: then the bytes may be a mix.
      const now = describe(pinned.key, await handle.stat({ bigint: true }));
      if (now.version !== pinned.version) throw changedError(this.#name(pinned.key));
      return null;
    };
    return new Readable({
      highWaterMark: chunkBytes,
      read(size) {
        next(size).then(
          (chunk) => this.push(chunk),
          (error: Error) => this.destroy(error),
        );
      },
      destroy(error, callback) {
        handle.close().then(() => callback(error), callback);
      },
    });
  }

  /** Writes without a condition: over the present object, or a new one. */
  async #overwrite(key: string, temporary: string): Promise<ObjectInfo> {
    for (;;) {
      const present = await this.head(key);
      const written = present
        ? await this.#replace(key, temporary, present.etag)
        : await this.#create(key, temporary);
      if (written) return written;
    }
  }

  async #create(key: string, temporary: string): Promise<ObjectInfo | undefined> {
    const path = this.#path(key);
    await mkdir(dirname(path), { recursive: true });
    try {
      await link(temporary, path);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      if (await isNoFile(path)) throw takenError(path);
      return undefined;
    }
    return describe(key, await stat(temporary, { bigint: true }));
  }

  async #replace(key: string, temporary: string, etag: string): Promise<ObjectInfo | undefined> {
    const isCurrent = async () => (await this.head(key))?.etag === etag;
    const held = await claim(this.#work(`${digest(key)}-${etag}`), isCurrent);
    if (!held) return undefined;
    let replaced = false;
    try {
      const present = await this.#stat(key);
      if (!present || describe(key, present).etag !== etag) return undefined;
      const written = describe(key, await makeNewer(temporary, present.mtimeNs));
      await rename(temporary, this.#path(key));
      replaced = true;
      return written;
    } finally {
      await (replaced ? held.finish() : held.withdraw());
    }
  }

  async #writeTemporary(key: string, body: Uint8Array): Promise<string> {
    const path = this.#work(`${randomUUID()}.new`);
    try {
      await mkdir(dirname(path), { recursive: true });
      await this.#sweep();
      const handle = await open(path, 'wx');
      try {
        await handle.writeFile(body);
        await handle.sync();
      } finally {
        await handle.close();
      }
      return path;
    } catch (error) {
      await rm(path, { force: true });
      throw explainFileError(error, this.#name(key));
    }
  }

  /** Removes, once per store, the unfinished files of killed processes. */
  async #sweep(): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    for (const name of await readdir(this.#work(''))) {
      if (!name.endsWith('.new')) continue;
      const stats = await statIfAny(this.#work(name));
      const ageMs = Date.now() - Number(stats?.mtimeMs ?? Date.now());
      if (ageMs > abandonedAfterMs) await rm(this.#work(name), { force: true });
    }
  }

  async #stat(key: string): Promise<BigIntStats | undefined> {
    try {
      const stats = await statIfAny(this.#path(key));
      return stats?.isFile() ? stats : undefined;
    } catch (error) {
      throw explainFileError(error, this.#name(key));
    }
  }

  /** @throws UserError for a key that cannot be a file. */
  #path(key: string): string {
    checkKey(key);
    for (const part of key.split('/')) {
      const problem = nameProblem(part);
      if (problem !== undefined) {
        throw new UserError(
          `the key ${JSON.stringify(key)} cannot be a file in ${this.location}: a part of it ${problem}`,
          'Rename it, or use an S3 location.',
        );
      }
    }
    return join(this.location, key);
  }

  #work(name: string): string {
    return join(this.location, workFolder, name);
  }

  #name(key: string): string {
    return join(this.location, key);
  }
}

function nameProblem(name: string): string | undefined {
  const bytes = Buffer.byteLength(name);
  if (name === '') return 'is empty';
  if (name.startsWith('.')) return 'starts with ".", as only hidden files do';
  if (bytes > maxNameBytes)
    return `has ${bytes} bytes, and a file name has at most ${maxNameBytes}`;
  return undefined;
}

function describe(key: string, stats: BigIntStats): ObjectInfo {
  const version = `${stats.mtimeNs}-${stats.size}`;
  return { key, version, etag: version, bytes: Number(stats.size) };
}

function holds(condition: WriteCondition, present: ObjectInfo | undefined): boolean {
  return 'ifAbsent' in condition ? !present : present?.etag === condition.ifMatch;
}

/** Gives a file a later time than another, because two writes within a tick have the same time. */
async function makeNewer(path: string, thanNs: bigint): Promise<BigIntStats> {
  const stats = await stat(path, { bigint: true });
  if (stats.mtimeNs > thanNs) return stats;
  // Two microseconds, because Node sets times in whole ones, from a rounded double.
  const seconds = Number(thanNs + 2_000n) / 1e9;
  await utimes(path, seconds, seconds);
  return stat(path, { bigint: true });
}

async function statIfAny(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function isFolder(file: Dirent): Promise<boolean> {
  if (!file.isSymbolicLink()) return file.isDirectory();
  return (await statIfAny(join(file.parentPath, file.name)))?.isDirectory() ?? false;
}

/** Returns whether the path is not a file but a folder, or a link to nothing. */
async function isNoFile(path: string): Promise<boolean> {
  const target = await statIfAny(path);
  if (target) return !target.isFile();
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function digest(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}
