/** Calls of `node:fs` about simulated paths, which a simulated disk receives. */
import fs from 'node:fs';
import disk from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { isSimulatedProcess } from './world.ts';

/** Folder of all simulated buckets. */
export const root = '/simulated';

/** Smallest descriptor of a simulated file. Those of the machine are smaller. */
export const firstDescriptor = 1_000_000;

/** A disk that receives calls. */
interface DiskCalls {
  /** Asynchronous calls, by their names in `node:fs/promises`. */
  readonly calls: object;
  /** Synchronous calls, by their names in `node:fs`. */
  readonly syncCalls: object;
  realpath(path: string): string;
}

/** The disk of the newest world that has one. */
let mounted: DiskCalls | undefined;

/** Lets a disk receive the calls about simulated paths. */
export function mount(disk: DiskCalls): void {
  mounted = disk;
}

const isOnDisk = (parameter: unknown) =>
  typeof parameter === 'number'
    ? parameter >= firstDescriptor
    : typeof parameter === 'string' &&
      (parameter.startsWith(root) || isSimulatedProcess(parameter));

/** Returns the path of a folder as the disk has it. */
function withoutSlash(parameter: unknown): unknown {
  return typeof parameter === 'string' ? parameter.replace(/\/+$/, '') : parameter;
}

/** Passes calls about simulated paths and descriptors to the disk, and all others as before. */
function divert(module: object, names: readonly string[], kind: 'calls' | 'syncCalls'): void {
  for (const name of names) {
    const real: unknown = Reflect.get(module, name);
    if (typeof real !== 'function') throw new Error(`node:fs has no ${name}`);
    const call = (...parameters: unknown[]): unknown => {
      const simulated: unknown =
        mounted && parameters.some(isOnDisk) && Reflect.get(mounted[kind], name);
      if (typeof simulated !== 'function') return Reflect.apply(real, module, parameters);
      return Reflect.apply(simulated, undefined, parameters.map(withoutSlash));
    };
    Object.assign(module, { [name]: call });
  }
}

divert(
  disk,
  [
    ...['stat', 'lstat', 'open', 'link', 'rename', 'rm', 'symlink', 'readlink', 'readdir'],
    ...['mkdir', 'utimes', 'readFile'],
  ],
  'calls',
);
divert(
  fs,
  ['openSync', 'fstatSync', 'readSync', 'closeSync', 'statSync', 'lstatSync'],
  'syncCalls',
);
const { native } = fs.realpathSync;
Object.assign(fs.realpathSync, {
  native: (path: string) => (isOnDisk(path) ? mounted!.realpath(path) : native(path)),
});
syncBuiltinESMExports();
