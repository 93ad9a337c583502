/** The folder of a process that sees no files of the user except those of its model. */
import { mkdirSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, realpath, stat, utimes } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { discard, withFewFiles } from '#setup/few-files.mjs';
import { makeWorkFolder } from '../scratch-folder.ts';
import type { ModelSource } from './model-source.ts';

/** Path at which a process sees the files of its model. */
const seenAt = '/model';

/** Interval at which a folder gets a new time, in ms: folders with an old time are removed. */
const touchEveryMs = 24 * 60 * 60 * 1000;

/** Folders of running processes. This process removes those that are left when it ends. */
const folders = new Set<OwnFolder>();

process.on('exit', () => {
  for (const folder of folders) folder.remove();
});

/**
 * A folder whose files a process sees. The process starts before it gets its model, so the files of
 * the model are linked into the folder later.
 */
export class OwnFolder {
  readonly #folder = makeWorkFolder('model');
  readonly #files = join(this.#folder, 'files');
  readonly #touching = setInterval(() => {
    const now = new Date();
    utimes(this.#folder, now, now).catch(() => {}); // It is gone already.
  }, touchEveryMs).unref();

  constructor() {
    mkdirSync(this.#files);
    folders.add(this);
  }

  /** Returns the arguments that start the process, before those of Node. */
  entry(script: string): readonly string[] {
    return withFewFiles({ script, folder: this.#folder, folders: { [seenAt]: this.#files } });
  }

  /** Links the files of a model into it. @returns the model, with the paths of the process. */
  async show(source: ModelSource): Promise<ModelSource> {
    await linkFiles(source.folder, this.#files);
    const path = join(seenAt, relative(source.folder, source.path));
    return { ...source, folder: seenAt, path };
  }

  remove(): void {
    folders.delete(this);
    clearInterval(this.#touching);
    discard(this.#folder);
  }
}

/** Links the files of a folder into another one. Copies those that cannot be linked. */
async function linkFiles(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if ((await stat(source)).isDirectory()) {
      await mkdir(target);
      await linkFiles(source, target);
    } else {
      // A link fails across file systems, or for a file of another user.
      await link(await realpath(source), target).catch(() => copyFile(source, target));
    }
  }
}
