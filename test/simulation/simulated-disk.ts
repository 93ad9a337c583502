/**
 * A disk in memory, below the real `FolderStore`: the calls of `node:fs` that it uses, as the POSIX
 * manual describes them, with faults. A process may be killed in the middle of a write, reads are
 * short, and the disk is full at a drawn byte.
 */
import { basename, dirname } from 'node:path';
import type { Defect } from './defects.ts';
import { firstDescriptor, mount, root } from './diverted-disk-calls.ts';
import type { SimulatedStorage } from './simulated-storage.ts';
import { requireThat } from './violation.ts';
import type { World } from './world.ts';

/** Bytes that a name takes on the disk, with its share of a folder. */
const nameBytes = 64;

/** Resolution of the times of files, in ms: two writes may have the same time. */
const tickMs = 4;

/** A file, a folder or a symbolic link. */
interface Inode {
  readonly kind: 'file' | 'folder' | 'link';
  readonly number: number;
  body: Buffer;
  /** Target of a link. */
  readonly target: string;
  modifiedNs: bigint;
  changedNs: bigint;
  /** Whether all bytes would survive a loss of power. */
  isSynced: boolean;
}

export class SimulatedDisk implements SimulatedStorage {
  readonly puts = new Map<string, number>();
  readonly #world: World;
  readonly #defect: Defect | undefined;
  readonly #inodes = new Map<string, Inode>();
  readonly #descriptors = new Map<number, Inode>();
  readonly #history = new Map<string, { readonly body: Buffer }[]>();
  #freeBytes = Number.POSITIVE_INFINITY;
  #made = 0;

  constructor(world: World, defect?: Defect) {
    this.#world = world;
    this.#defect = defect;
    this.#makeFolders(root);
    this.#drawSpace();
    mount(this);
  }

  makeBucket(name: string): string {
    this.#makeFolders(`${root}/${name}`);
    return `${root}/${name}`;
  }

  insert(bucket: string, key: string, text: string): void {
    const path = `${root}/${bucket}/${key}`;
    this.#makeFolders(dirname(path));
    const inode = this.#make('file');
    inode.body = Buffer.from(text);
    inode.isSynced = true;
    this.#show(path, inode);
  }

  objects(bucket: string): Map<string, Buffer> {
    return new Map(this.history(bucket).map(([key, all]) => [key, all.at(-1)!.body]));
  }

  history(bucket: string): [string, readonly { readonly body: Buffer }[]][] {
    const prefix = `${root}/${bucket}/`;
    const found = [...this.#history].filter(([path]) => path.startsWith(prefix));
    return found.map(([path, all]) => [path.slice(prefix.length), all]);
  }

  /** Frees space. The next full disk may come soon. */
  afterFailure(): void {
    if (Number.isFinite(this.#freeBytes)) this.#drawSpace();
  }

  /** Draws the byte at which the disk is full; most disks never are. */
  #drawSpace(): void {
    const isSmall = this.#world.faults.happens('full disk at a byte');
    this.#freeBytes = isSmall ? this.#world.below(2 ** 15) : Number.POSITIVE_INFINITY;
  }

  #make(kind: Inode['kind'], target = ''): Inode {
    const nowNs = nowInNs();
    const times = { modifiedNs: nowNs, changedNs: nowNs };
    return { kind, number: ++this.#made, body: Buffer.alloc(0), target, ...times, isSynced: false };
  }

  #makeFolders(path: string): void {
    for (let folder = path; folder.startsWith(root); folder = dirname(folder)) {
      const found = this.#inodes.get(folder);
      if (found && found.kind !== 'folder') throw failure('ENOTDIR', folder);
      if (!found) this.#inodes.set(folder, this.#make('folder'));
    }
  }

  #find(path: string): Inode {
    const found = this.#inodes.get(path);
    if (found) return found;
    const above = this.#inodes.get(dirname(path));
    throw failure(above && above.kind !== 'folder' ? 'ENOTDIR' : 'ENOENT', path);
  }

  /** Gives an inode a name. From then on, others see it, unless the path is hidden. */
  #show(path: string, inode: Inode): void {
    this.#inodes.set(path, inode);
    const key = path.slice(root.length + 1);
    if (inode.kind !== 'file' || key.split('/').some((part) => part.startsWith('.'))) return;
    requireThat(inode.isSynced, 'a visible file would survive a loss of power', () => key);
    this.#history.set(path, [...(this.#history.get(path) ?? []), { body: inode.body }]);
  }

  #countPut(path: string): void {
    const name = path.slice(root.length + 1);
    this.puts.set(name, (this.puts.get(name) ?? 0) + 1);
  }

  /** Takes space. @returns the bytes that fit. */
  #take(bytes: number): number {
    const fitting = Math.min(bytes, this.#freeBytes);
    this.#freeBytes -= fitting;
    return fitting;
  }

  #takeName(path: string): void {
    if (this.#take(nameBytes) < nameBytes) throw failure('ENOSPC', path);
  }

  /** The time of a call to the disk. The process may be killed before the call, or after it. */
  async #call<T>(work: () => T | Promise<T>): Promise<T> {
    await this.#world.pass(this.#world.below(5));
    const result = await work();
    await this.#world.pass(0);
    return result;
  }

  /** The asynchronous calls, by their names in `node:fs/promises`. */
  readonly calls = {
    stat: (path: string) => this.#call(() => describe(this.#find(path))),
    lstat: (path: string) => this.#call(() => describe(this.#find(path))),
    open: (path: string, flags = 'r') => this.#call(() => this.#open(path, flags)),
    link: (from: string, to: string) => this.#call(() => this.#link(from, to)),
    rename: (from: string, to: string) => this.#call(() => this.#rename(from, to)),
    rm: (path: string) => this.#call(() => void this.#inodes.delete(path)),
    symlink: (target: string, path: string) => this.#call(() => this.#symlink(target, path)),
    // Only the state of a process in /proc is read so. Simulated processes have none there.
    readFile: (path: string) =>
      this.#call(() => {
        throw failure('ENOENT', path);
      }),
    readlink: (path: string) => this.#call(() => this.#find(path).target),
    readdir: (path: string, options?: { withFileTypes?: boolean }) =>
      this.#call(() => this.#readdir(path, options?.withFileTypes ?? false)),
    mkdir: (path: string) =>
      this.#call(() => {
        if (!this.#inodes.has(path)) this.#takeName(path);
        this.#makeFolders(path);
      }),
    utimes: (path: string, _: number, seconds: number) =>
      this.#call(() => {
        this.#find(path).modifiedNs = BigInt(Math.round(seconds * 1e6)) * 1000n;
      }),
  };

  /** The synchronous calls, by their names in `node:fs`. */
  readonly syncCalls = {
    openSync: (path: string) => {
      const inode = this.#find(path);
      const descriptor = firstDescriptor + ++this.#made;
      this.#descriptors.set(descriptor, inode);
      return descriptor;
    },
    fstatSync: (descriptor: number) => describe(this.#descriptors.get(descriptor)!),
    readSync: (
      descriptor: number,
      into: Uint8Array,
      offset: number,
      length: number,
      position: number,
    ) => {
      const { body } = this.#descriptors.get(descriptor)!;
      const part = body.subarray(position, position + length);
      into.set(part, offset);
      return part.length;
    },
    closeSync: (descriptor: number) => void this.#descriptors.delete(descriptor),
    statSync: (path: string) => describe(this.#find(path)),
    lstatSync: (path: string) => describe(this.#find(path)),
  };

  realpath(path: string): string {
    this.#find(path);
    return path;
  }

  #open(path: string, flags: string): object {
    if (flags === 'wx') {
      if (this.#inodes.has(path)) throw failure('EEXIST', path);
      this.#find(dirname(path));
      this.#takeName(path);
      this.#inodes.set(path, this.#make('file'));
    }
    const inode = this.#find(path);
    if (inode.kind === 'folder' && flags !== 'r') throw failure('EISDIR', path);
    return {
      stat: () => this.#call(() => describe(inode)),
      readFile: () => this.#call(() => Buffer.from(inode.body)),
      read: (into: Buffer, _: number, length: number, position: number) =>
        this.#call(() => this.#read(inode, into, length, position)),
      writeFile: (body: Uint8Array) => this.#write(path, inode, body),
      sync: () =>
        this.#call(() => {
          inode.isSynced = this.#defect !== 'no-sync';
        }),
      close: () => this.#call(() => {}),
    };
  }

  #read({ body }: Inode, buffer: Buffer, length: number, position: number) {
    const all = body.subarray(position, position + length);
    const isShort = all.length > 1 && this.#world.faults.happens('short read');
    const part = isShort ? all.subarray(0, 1 + this.#world.below(all.length - 1)) : all;
    buffer.set(part);
    return { buffer, bytesRead: part.length };
  }

  /** Writes in two parts: a process may be killed between them, and the disk be full within one. */
  async #write(path: string, inode: Inode, body: Uint8Array): Promise<void> {
    const middle = this.#world.below(body.length + 1);
    for (const part of [body.subarray(0, middle), body.subarray(middle)]) {
      await this.#call(() => {
        const fitting = this.#take(part.length);
        inode.body = Buffer.concat([inode.body, part.subarray(0, fitting)]);
        inode.isSynced = false;
        inode.modifiedNs = nowInNs();
        if (fitting < part.length) throw failure('ENOSPC', path);
      });
    }
  }

  async #link(from: string, to: string): Promise<void> {
    this.#countPut(to);
    const inode = this.#find(from);
    this.#find(dirname(to));
    if (this.#inodes.has(to) && this.#defect !== 'no-condition') throw failure('EEXIST', to);
    this.#takeName(to);
    if (this.#defect === 'commit-before-data') {
      const half = inode.body.subarray(0, inode.body.length / 2);
      this.#show(to, { ...inode, body: half });
      await this.#world.pass(this.#world.below(50));
    }
    this.#show(to, inode);
  }

  async #rename(from: string, to: string): Promise<void> {
    this.#countPut(to);
    const inode = this.#find(from);
    if (this.#defect === 'rename-in-two-steps') {
      this.#inodes.delete(to);
      await this.#world.pass(this.#world.below(50));
    }
    this.#inodes.delete(from);
    this.#show(to, inode);
  }

  #symlink(target: string, path: string): void {
    if (this.#inodes.has(path)) throw failure('EEXIST', path);
    this.#takeName(path);
    this.#inodes.set(path, this.#make('link', target));
  }

  #readdir(path: string, withTypes: boolean): unknown[] {
    this.#find(path);
    const found = [...this.#inodes].filter(([name]) => dirname(name) === path && name !== path);
    if (!withTypes) return found.map(([name]) => basename(name));
    return found.map(([name, inode]) => ({
      name: basename(name),
      parentPath: path,
      ...kindOf(inode),
    }));
  }
}

function nowInNs(): bigint {
  return BigInt(Math.floor(Date.now() / tickMs) * tickMs) * 1_000_000n;
}

function kindOf({ kind }: Inode) {
  return {
    isFile: () => kind === 'file',
    isDirectory: () => kind === 'folder',
    isSymbolicLink: () => kind === 'link',
  };
}

/** Makes the stats of an inode, with the fields that the store reads. */
function describe(inode: Inode): object {
  const { body, modifiedNs, changedNs, number } = inode;
  const modifiedMs = Number(modifiedNs / 1_000_000n);
  return {
    ...{ size: BigInt(body.length), mtimeNs: modifiedNs, ctimeNs: changedNs },
    ...{ dev: 1n, ino: BigInt(number), mtimeMs: modifiedMs, mtime: new Date(modifiedMs) },
    ...kindOf(inode),
  };
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
