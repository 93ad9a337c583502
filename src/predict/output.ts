/** Destinations of predictions: a file that appears as a whole, and standard output. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { UserError } from '../errors.ts';

/** A destination of bytes. */
export interface PredictionOutput {
  /** Writes bytes. @returns false if the reader is gone, and no more is needed. */
  write(bytes: Uint8Array): Promise<boolean>;
  /** Ends the output. */
  finish(): Promise<void>;
  /** Removes an unfinished file. */
  discard(): Promise<void>;
}

/**
 * Checks that a file can be written, before the work.
 * @throws UserError if its folder does not exist, or it is a folder itself.
 */
export async function checkTarget(path: string): Promise<void> {
  const folder = dirname(path);
  const isFolder = (await stat(folder).catch(() => undefined))?.isDirectory();
  if (!isFolder) {
    throw new UserError(
      `the folder ${folder} of --out does not exist`,
      `Make it: mkdir -p ${folder}`,
    );
  }
  if ((await stat(path).catch(() => undefined))?.isDirectory()) {
    throw new UserError(
      `--out ${path} is a folder`,
      `Name a file, such as ${join(path, 'predictions.csv')}.`,
    );
  }
}

/**
 * Creates a file that appears under its name when it is finished. If the process ends before, its
 * hidden temporary file is removed.
 */
export async function createFile(path: string): Promise<PredictionOutput> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}`);
  const file = await open(temporary, 'wx').catch((error: Error) => {
    throw new UserError(`${path} cannot be written: ${error.message}`);
  });
  const removeNow = () => rmSync(temporary, { force: true });
  process.once('exit', removeNow);
  const close = async () => {
    process.off('exit', removeNow);
    await file.close();
  };
  return {
    async write(bytes) {
      await file.writeFile(bytes);
      return true;
    },
    async finish() {
      await file.sync();
      await close();
      await rename(temporary, path);
    },
    async discard() {
      await close();
      await rm(temporary, { force: true });
    },
  };
}

/** Interface of standard output that is used here. */
export type Stream = Pick<Writable, 'write' | 'on'>;

/** Writes to a stream. A reader that ends early, such as `head`, is not an error. */
export function writeToStream(stream: Stream): PredictionOutput {
  let failure: NodeJS.ErrnoException | undefined;
  // Without a listener, an error of the stream would end the process.
  const listen = (error: NodeJS.ErrnoException) => (failure ??= error);
  stream.on('error', listen);
  return {
    async write(bytes) {
      if (bytes.length > 0 && failure === undefined) {
        await new Promise<void>((resolve) => {
          stream.write(bytes, (error) => {
            if (error) failure ??= error;
            resolve();
          });
        });
      }
      if (failure !== undefined && failure.code !== 'EPIPE') throw failure;
      return failure === undefined;
    },
    async finish() {},
    async discard() {},
  };
}
