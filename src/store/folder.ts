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
import { setImmediate } from 'node:timers/promises';
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
import {
  contentVersion,
  inspectFile,
  smallFileBytes,
  statVersion,
  timeVersion,
  type VersionKind,
} from './folder-version.ts';
import { checkKey, compareKeys } from './key.ts';
import { LinkGuard } from './links.ts';
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

/** Files of a listing that are read before other work of the process gets its turn. */
const filesPerTurn = 64;

/** Age from which an unfinished file belongs to a dead process: a write takes seconds. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

/**
 * A folder as an object store, for many processes of one machine at once.
 *
 * - The version of a small file is a digest of its content, so that equal content has the same
 *   version wherever it was copied; that of a larger file is its stats (`folder-version.ts`).
 * - An object's ETag is its modification time and size, known without reading. It never comes back:
 *   an object that replaces another gets a later time.
 * - A file appears under its key in one step (link or rename), after all its bytes are on the disk.
 *   A process killed before that leaves a hidden file, which a later process removes.
 * - `ifAbsent` is link(2), which fails if the name is taken; replacing goes through `claim`.
 * - Hidden files (.DS_Store) are left out. Symbolic links are followed within the folder; a link
 *   that leads out of it is refused (`links.ts`).
 */
export class FolderStore implements ObjectStore {
  readonly location: string;
  readonly #versions: VersionKind;
  readonly #links: LinkGuard | undefined;
  #swept = false;

  /**
   * @param versions Kind of the objects' versions. Default: by content.
   * @param links Whether links that lead out of the folder are followed. Default: they are refused.
   */
  constructor(folder: string, versions: VersionKind = 'content', links?: 'follow') {
    this.location = resolve(folder);
    this.#versions = versions;
    this.#links = links === 'follow' ? undefined : new LinkGuard(this.location);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    this.#refuseLink(key);
    const found = await this.#find(key);
    if (found === undefined) return undefined;
    const { modified, ...info } = found;
    return info;
  }

  async read(key: string, { version, range }: ReadOptions = {}): Promise<Readable> {
    this.#refuseLink(key);
    const handle = await this.#open(key);
    try {
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile()) throw missingError(this.#name(key));
      const part = clipRange(range, Number(stats.size), this.#name(key));
      if (version === undefined) return this.#stream(handle, stats, key, part);
      if (this.#versions === 'content' && stats.size < smallFileBytes) {
        const bytes = await handle.readFile();
        if (version !== contentVersion(bytes)) throw changedError(this.#name(key));
        await handle.close();
        const wanted = bytes.subarray(part.start, part.end);
        return Readable.from(wanted.length > 0 ? [wanted] : [], { objectMode: false });
      }
      if (version !== this.#versionOf(stats)) throw changedError(this.#name(key));
      return this.#stream(handle, stats, key, part);
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
    this.#refuseLink(key);
    const etag = await this.#etag(key);
    if (condition && !holds(condition, etag)) return undefined;
    const temporary = await this.#writeTemporary(key, body);
    let written: BigIntStats | undefined;
    try {
      written = await this.#put(key, temporary, condition);
    } catch (error) {
      throw explainFileError(error, this.#name(key));
    } finally {
      await rm(temporary, { force: true });
    }
    return written && this.#describeWritten(key, body, written);
  }

  #put(key: string, temporary: string, condition: WriteCondition | undefined) {
    if (condition === undefined) return this.#overwrite(key, temporary);
    return 'ifAbsent' in condition
      ? this.#create(key, temporary)
      : this.#replace(key, temporary, condition.ifMatch);
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    if (prefix !== '') checkKey(prefix);
    yield* this.#walk('', prefix, new Set());
  }

  async *folders(prefix: string): AsyncGenerator<string> {
    if (prefix !== '') checkKey(prefix);
    for (const entry of await this.#entries(prefix, prefix)) if (entry.endsWith('/')) yield entry;
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
    for (const [index, entry] of (await this.#entries(folder, prefix)).entries()) {
      if (entry.endsWith('/')) {
        yield* this.#walk(entry, prefix, new Set(above).add(identity));
      } else {
        if (index % filesPerTurn === 0) await setImmediate();
        const found = await this.#find(entry);
        if (found) yield found;
        else if (entry.includes('\uFFFD')) throw notUnicodeError(this.#name(entry));
      }
    }
  }

  /** Finds an object, its version included. */
  async #find(key: string): Promise<ListedObject | undefined> {
    if (this.#versions === 'time') {
      const stats = await this.#stat(key);
      return stats && { ...this.#describe(key, stats), modified: stats.mtime };
    }
    try {
      const found = inspectFile(this.#path(key));
      return (
        found && {
          ...this.#describe(key, found.stats, found.version),
          modified: found.stats.mtime,
        }
      );
    } catch (error) {
      throw explainFileError(error, this.#name(key));
    }
  }

  /** @param version Default: the version by the stats. */
  #describe(key: string, stats: BigIntStats, version = this.#versionOf(stats)): ObjectInfo {
    return { key, version, etag: timeVersion(stats), bytes: Number(stats.size) };
  }

  /** Returns the version by the stats, of any file or of a large one. */
  #versionOf(stats: BigIntStats): string {
    return this.#versions === 'time' ? timeVersion(stats) : statVersion(stats);
  }

  async #describeWritten(key: string, body: Uint8Array, written: BigIntStats): Promise<ObjectInfo> {
    if (this.#versions === 'time') return this.#describe(key, written);
    if (body.length < smallFileBytes) return this.#describe(key, written, contentVersion(body));
    // To link, rename and remove names changes the ctime.
    const now = await this.#stat(key);
    return this.#describe(key, now?.ino === written.ino ? now : written);
  }

  async #etag(key: string): Promise<string | undefined> {
    const stats = await this.#stat(key);
    return stats && timeVersion(stats);
  }

  /** Lists a folder's keys below the prefix, in order; those of folders end with "/". */
  async #entries(folder: string, prefix: string): Promise<string[]> {
    const files = await this.#readdir(folder);
    const keys: string[] = [];
    for (const file of files) {
      if (file.name.startsWith('.')) continue;
      const key = folder + file.name + ((await isFolder(file)) ? '/' : '');
      if (!key.startsWith(prefix) && !(key.endsWith('/') && prefix.startsWith(key))) continue;
      if (file.isSymbolicLink()) this.#links?.checkLink(folder + file.name);
      keys.push(key);
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
  #stream(handle: FileHandle, stats: BigIntStats, key: string, range: ByteRange): Readable {
    let position = range.start;
    const next = async (size: number): Promise<Buffer | null> => {
      const wanted = Math.min(size, range.end - position);
      const space = Buffer.allocUnsafe(wanted);
      const { buffer, bytesRead } = await handle.read(space, 0, wanted, position);
      position += bytesRead;
      if (bytesRead > 0) return buffer.subarray(0, bytesRead);
      // Another tool may have written into the file in place: then the bytes may be a mix.
      const now = await handle.stat({ bigint: true });
      if (timeVersion(now) !== timeVersion(stats)) throw changedError(this.#name(key));
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
  async #overwrite(key: string, temporary: string): Promise<BigIntStats> {
    for (;;) {
      const etag = await this.#etag(key);
      const written =
        etag === undefined
          ? await this.#create(key, temporary)
          : await this.#replace(key, temporary, etag);
      if (written) return written;
    }
  }

  async #create(key: string, temporary: string): Promise<BigIntStats | undefined> {
    const path = this.#path(key);
    await mkdir(dirname(path), { recursive: true });
    try {
      await link(temporary, path);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      if (await isNoFile(path)) throw takenError(path);
      return undefined;
    }
    return stat(temporary, { bigint: true });
  }

  async #replace(key: string, temporary: string, etag: string): Promise<BigIntStats | undefined> {
    const isCurrent = async () => (await this.#etag(key)) === etag;
    const held = await claim(this.#work(`${digest(key)}-${etag}`), isCurrent);
    if (!held) return undefined;
    let replaced = false;
    try {
      const present = await this.#stat(key);
      if (!present || timeVersion(present) !== etag) return undefined;
      const written = await makeNewer(temporary, present.mtimeNs);
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

  /** @throws UserError for a key that cannot be a file, or that a link leads out of the folder. */
  #refuseLink(key: string): void {
    this.#path(key);
    this.#links?.check(key);
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

function holds(condition: WriteCondition, etag: string | undefined): boolean {
  return 'ifAbsent' in condition ? etag === undefined : etag === condition.ifMatch;
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
