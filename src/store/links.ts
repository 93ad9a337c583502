/**
 * Links in a folder. A dataset may be a stranger's: a link in it must not show a file of the
 * machine in a report or an error, or send it to a bucket.
 */
import { lstatSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { UserError } from '../errors.ts';

/** Environment variable that allows links that lead out of a folder: `1`. */
const allowance = 'COUNTERWEIGHT_FOLLOW_LINKS';

/** Checks that no link in a folder leads out of it. Links within it, and to it, are followed. */
export class LinkGuard {
  readonly #root: string;
  readonly #isOff = process.env[allowance] === '1';
  /** The folder's real path, once it exists. */
  #realRoot: string | undefined;
  /** Folders of files that have been checked. */
  readonly #checked = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Checks the path of a key, existing or not.
   * @throws UserError if a link on it leads out of the folder.
   */
  check(key: string): void {
    if (this.#isOff) return;
    const folder = dirname(key);
    if (folder !== '.' && !this.#checked.has(folder)) {
      if (!this.checkLink(folder)) return;
      this.#checked.add(folder);
    }
    if (isLink(join(this.#root, key))) this.checkLink(key);
  }

  /**
   * Checks a file or folder that exists.
   * @returns whether the path can be followed.
   * @throws UserError if a link on its path leads out of the folder.
   */
  checkLink(key: string): boolean {
    if (this.#isOff) return true;
    const path = join(this.#root, key);
    const target = realPath(path);
    this.#realRoot ??= realPath(this.#root);
    if (target === undefined || this.#realRoot === undefined) return false;
    if (target === this.#realRoot || target.startsWith(withSlash(this.#realRoot))) return true;
    throw new UserError(
      `${path} leads out of its folder through a link, to ${target}`,
      `Copy the data into the folder: cp -rL. If you trust all links in it, set ${allowance}=1.`,
    );
  }
}

function withSlash(path: string): string {
  return path.endsWith(sep) ? path : path + sep;
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false; // The access itself fails too, with a message of its own.
  }
}

/** Returns a path without links; undefined if it cannot be followed. */
function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined; // As above.
  }
}
