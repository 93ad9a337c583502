/** Files of one model, for a process that sees no other files of the user. */
import { mkdirSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, realpath, stat, utimes } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { discard, withFewFiles } from '#setup/few-files.mjs';
import { makeWorkFolder } from '../scratch-folder.ts';
import type { ModelSource } from './model-source.ts';

/** Path at which a process sees the files of its model. */
const seenAt = '/model';

/** Time between two signs that a folder is in use: old ones are removed. */
const signEveryMs = 24 * 60 * 60 * 1000;

/** Folders of running processes. Those that end after this process leave theirs to it. */
const folders = new Set<OwnFolder>();

process.on('exit', () => {
  for (const folder of folders) folder.remove();
});

/**
 * A folder whose files a process sees. A process starts before it is known which model it loads:
 * the files of the model are linked into the folder later.
 */
export class OwnFolder {
  readonly #folder = makeWorkFolder('model');
  readonly #files = join(this.#folder, 'files');
  readonly #signs = setInterval(() => {
    const now = new Date();
    utimes(this.#folder, now, now).catch(() => {}); // It is gone already.
  }, signEveryMs).unref();

  constructor() {
    mkdirSync(this.#files);
    folders.add(this);
  }

  /** Returns the arguments that start the process, before those of Node. */
  entry(script: string): readonly string[] {
    return withFewFiles({ script, folder: this.#folder, folders: { [seenAt]: this.#files } });
  }

  /** Shows the files of a model. @returns the model, as the process sees it. */
  async show(source: ModelSource): Promise<ModelSource> {
    await linkFiles(source.folder, this.#files);
    const path = join(seenAt, relative(source.folder, source.path));
    return { ...source, folder: seenAt, path };
  }

  remove(): void {
    folders.delete(this);
    clearInterval(this.#signs);
    discard(this.#folder);
  }
}

/** Links the files of a folder into another one, without copies of their bytes where possible. */
async function linkFiles(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if ((await stat(source)).isDirectory()) {
      await mkdir(target);
      await linkFiles(source, target);
    } else {
      // Another file system, or a file of another user.
      await link(await realpath(source), target).catch(() => copyFile(source, target));
    }
  }
}
