/** Folders for copies of models, which later tasks on the machine reuse. */
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';

/**
 * Returns a folder below the system's folder for temporary files, which it makes if necessary. All
 * users of the machine can write to the latter: a folder that another user made first could get
 * other models or predictions than those that were checked.
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
  return join(own, name);
}
