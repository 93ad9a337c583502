/**
 * A file through which two processes pass the numbers of tensors. The channel of Node copies each
 * message several times: 130 ms for 19 MB, of a batch of photos.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InputTensor, TensorValues } from '../teachers/loaded-model.ts';

/** Number of the file among those that the process of a model has open. */
export const sharedFd = 4;

/** Shorter tensors go through the channel. */
const minBytes = 2 ** 16;

type Floats = Float32Array<ArrayBuffer>;

/** A tensor in the file. Only floats are large enough. */
interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Position of its first byte in the file. */
  readonly start: number;
  readonly length: number;
}

export type SentTensor = InputTensor | StoredTensor;

/** Opens a file in memory, if the system has such files, that no other program can open. */
export function openShared(): number {
  try {
    return openIn('/dev/shm');
  } catch {
    return openIn(tmpdir());
  }
}

function openIn(folder: string): number {
  const path = join(folder, `counterweight-${randomUUID()}`);
  const fd = openSync(path, 'wx+', 0o600);
  if (process.platform !== 'win32') unlinkSync(path);
  return fd;
}

export const closeShared = closeSync;

/**
 * Writes the floats of large tensors into the file. If it has no room, the tensors go through the
 * channel: a container of Docker has 64 MB of such files by default.
 */
export function store(fd: number, feeds: readonly InputTensor[]): readonly SentTensor[] {
  try {
    return written(fd, feeds);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    return feeds;
  }
}

function written(fd: number, feeds: readonly InputTensor[]): SentTensor[] {
  let end = 0;
  return feeds.map((feed) => {
    if (!isLarge(feed.values)) return feed;
    const { name, shape, values } = feed;
    const start = end;
    for (let done = 0; done < values.byteLength; ) {
      const bytes = new Uint8Array(
        values.buffer,
        values.byteOffset + done,
        values.byteLength - done,
      );
      done += writeSync(fd, bytes, 0, bytes.length, start + done);
    }
    end += values.byteLength;
    return { name, shape, start, length: values.length };
  });
}

function isLarge(values: TensorValues): values is Floats {
  return values instanceof Float32Array && values.byteLength >= minBytes;
}

/** Memory for the tensors of a call. New memory for each call would keep collecting garbage. */
let memory = new ArrayBuffer(0);

/**
 * Reads the tensors that `store` wrote. They are valid until the next call.
 * @throws Error if the file is too short.
 */
export function restore(fd: number, sent: readonly SentTensor[]): InputTensor[] {
  const needed = Math.max(
    0,
    ...sent.map((feed) => ('values' in feed ? 0 : feed.start + 4 * feed.length)),
  );
  if (memory.byteLength < needed) memory = new ArrayBuffer(needed);
  return sent.map((feed) => {
    if ('values' in feed) return feed;
    const { name, shape, start, length } = feed;
    const values = new Float32Array(memory, start, length);
    const bytes = new Uint8Array(memory, start, values.byteLength);
    for (let done = 0; done < bytes.length; ) {
      const read = readSync(fd, bytes, done, bytes.length - done, start + done);
      if (read === 0) throw new Error('the file of tensors is too short');
      done += read;
    }
    return { name, shape, values };
  });
}
