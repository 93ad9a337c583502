/** Folders for models on the machine: copies that later tasks reuse, and files for one use. */
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { beingMade } from './local-copy.ts';

/** Age from which a file or folder that no process finished belongs to a killed one. */
const abandonedAfterMs = 7 * 24 * 60 * 60 * 1000;

/**
 * Returns a folder below the system's folder for temporary files, which it makes if necessary. All
 * users of the machine can write to the latter: a folder that another user made first could get
 * other models or predictions than those that were checked. Unfinished copies that killed processes
 * left there more than a week ago are removed.
 *
 * @param parent Default: the system's folder for temporary files.
 * @throws UserError if the folder is not this user's alone.
 * @example scratchFolder('teachers') // /tmp/counterweight-1000/teachers
 */
export function scratchFolder(name: string, parent = tmpdir()): string {
  const user = process.getuid?.();
  const own = join(parent, user === undefined ? 'counterweight' : `counterweight-${user}`);
  mkdirSync(own, { recursive: true, mode: 0o700 });
  const stats = lstatSync(own);
  const isPrivate = user === undefined || (stats.uid === user && (stats.mode & 0o077) === 0);
  if (!stats.isDirectory() || !isPrivate) {
    throw new UserError(
      `${own} can be changed by other users, and copies of models are kept there`,
      `Remove it, or have its owner remove it: rm -r '${own}'. Or set TMPDIR to a folder of yours.`,
    );
  }
  const folder = join(own, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  removeAbandoned(folder, (file) => beingMade.test(file));
  return folder;
}

/**
 * Makes a folder for one use. The caller removes it; those that killed processes left more than a
 * week ago are removed here.
 *
 * @throws UserError if the folder around it is not this user's alone.
 * @example makeWorkFolder('export') // /tmp/counterweight-1000/work/export-k3Jd92
 */
export function makeWorkFolder(name: string, parent = tmpdir()): string {
  const folder = scratchFolder('work', parent);
  removeAbandoned(folder, () => true);
  return mkdtempSync(join(folder, `${name}-`));
}

function removeAbandoned(folder: string, isForOneUse: (name: string) => boolean): void {
  for (const name of readdirSync(folder).filter(isForOneUse)) {
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined || stats.mtimeMs > Date.now() - abandonedAfterMs) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // It takes room, and disturbs nothing: the next process tries again.
    }
  }
}
