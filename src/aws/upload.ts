import { setTimeout as delay } from 'node:timers/promises';
import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { readConfig } from '../config/read.ts';
import { batchOf, isMarker } from '../data/layout.ts';
import { InterruptedError, TransientError, UserError } from '../errors.ts';
import { count } from '../format.ts';
import type { Progress } from '../run/context.ts';
import { checkKey, compareKeys } from '../store/key.ts';
import { openStore } from '../store/open.ts';
import { openS3 } from '../store/s3.ts';
import { explain } from '../store/s3-failures.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';
import { etagOf, partBytesOf } from './s3-etag.ts';
import { sideBySide } from './side-by-side.ts';

/** What is under way at once: so many small files, or large ones of so many parts. */
const slots = 32;
const partsAtOnce = 4;

/** A file is tried again until nothing at all has come through for so long. */
const patienceMs = 5 * 60_000;
const longestPauseMs = 30_000;

export interface UploadOptions {
  /** The dataset's folder. */
  readonly folder: string;
  readonly bucket: string;
  /** The dataset's name: its prefix in the bucket. */
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Uploaded {
  readonly location: string;
  /** How many files were sent, and how many were there already. */
  readonly sent: number;
  readonly present: number;
  readonly sentBytes: number;
  /** The markers that were put, as S3 has them: a run starts on the batches that have one. */
  readonly markers: readonly { readonly key: string; readonly version: string }[];
  /** Batches to which something was added and whose folder has no marker. */
  readonly openBatches: readonly string[];
  /** How many objects are there that the folder does not have. */
  readonly others: number;
}

/**
 * Makes a dataset in the bucket what the folder is, but removes nothing there. A file that is there
 * is not sent again, so the same call goes on with one that was stopped. A batch's marker comes
 * after everything else, so that the run that it starts sees the whole dataset, and only when its
 * batch has changed since it was put.
 *
 * @throws UserError when the folder or its config is wrong: then nothing was sent; InterruptedError
 *   after `signal`.
 */
export async function upload(options: UploadOptions): Promise<Uploaded> {
  const folder = await openFolder(options.folder);
  await readConfig(folder);
  const total = await measure(folder, options.name);
  try {
    return await new DatasetUpload(folder, options, total).run();
  } catch (error) {
    throw options.signal.aborted ? new InterruptedError('the upload was stopped') : error;
  }
}

async function openFolder(location: string): Promise<ObjectStore> {
  if (!location.startsWith('s3://')) return openStore(location);
  throw new UserError(
    `${location} is not a folder`,
    'From bucket to bucket: aws s3 sync, without the _SUCCESS of the batches; then put those.',
  );
}

interface Amount {
  files: number;
  bytes: number;
}

/** How much the folder has. Refuses, before anything is sent, a name that S3 cannot have. */
async function measure(folder: ObjectStore, name: string): Promise<Amount> {
  const amount = { files: 0, bytes: 0 };
  for await (const { key, bytes } of folder.list('')) {
    checkKey(`${name}/${key}`);
    amount.files++;
    amount.bytes += bytes;
  }
  return amount;
}

/** What is known of a batch of the unlabeled set. */
interface Batch {
  /** In the folder. */
  marker?: ObjectInfo;
  /** When the marker in the bucket was put; undefined: there is none. */
  markedAt?: Date;
  /** When the newest of its objects in the bucket was put. */
  newest?: Date;
  hasNew: boolean;
}

interface RemoteObject {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
  readonly modified: Date;
}

/** One object of the dataset: in the folder, in the bucket or in both. */
interface Pair {
  readonly local?: ObjectInfo;
  readonly remote?: RemoteObject;
}

class DatasetUpload {
  readonly #folder: ObjectStore;
  readonly #options: UploadOptions;
  readonly #total: Amount;
  readonly #client: S3Client = openS3();
  readonly #batches = new Map<string, Batch>();
  readonly #sent: Amount = { files: 0, bytes: 0 };
  readonly #present: Amount = { files: 0, bytes: 0 };
  /** Of files that are on their way. */
  #partialBytes = 0;
  #others = 0;
  /** When bytes last came through. */
  #movedAtMs = 0;

  constructor(folder: ObjectStore, options: UploadOptions, total: Amount) {
    this.#folder = folder;
    this.#options = options;
    this.#total = total;
  }

  async run(): Promise<Uploaded> {
    const { bucket, name, signal } = this.#options;
    const weight = ({ local }: Pair) =>
      local && local.bytes > partBytesOf(local.bytes) ? partsAtOnce : 1;
    await sideBySide(this.#differences(), { slots, weight, signal }, (pair, stop) =>
      this.#bring(pair, stop),
    );
    const markers = await this.#closeBatches();
    const open = [...this.#batches].filter(([, { hasNew, marker }]) => hasNew && !marker);
    return {
      location: `s3://${bucket}/${name}`,
      sent: this.#sent.files,
      present: this.#present.files,
      sentBytes: this.#sent.bytes,
      markers,
      openBatches: open.map(([batch]) => batch),
      others: this.#others,
    };
  }

  /** The files to bring, with what is under their names. Keeps markers back, and counts. */
  async *#differences(): AsyncGenerator<Pair> {
    for await (const pair of paired(this.#folder.list(''), this.#remoteObjects())) {
      const { local, remote } = pair;
      const batch = this.#batchOf((local ?? remote)!.key);
      if (batch && isMarker((local ?? remote)!.key)) {
        if (local) batch.marker = local;
        if (remote) batch.markedAt = remote.modified;
        continue;
      }
      if (batch && remote && !(batch.newest && batch.newest > remote.modified)) {
        batch.newest = remote.modified;
      }
      if (local) yield pair;
      else this.#others++;
    }
  }

  #batchOf(key: string): Batch | undefined {
    if (!key.startsWith('unlabeled/')) return undefined;
    const name = batchOf(key);
    const batch = this.#batches.get(name) ?? { hasNew: false };
    this.#batches.set(name, batch);
    return batch;
  }

  async *#remoteObjects(): AsyncGenerator<RemoteObject> {
    const { bucket, name } = this.#options;
    const prefix = `${name}/`;
    const pages = paginateListObjectsV2(
      { client: this.#client },
      { Bucket: bucket, Prefix: prefix },
    );
    try {
      for await (const { Contents = [] } of pages) {
        for (const { Key, Size = 0, ETag = '', LastModified = new Date() } of Contents) {
          if (Key === undefined || Key.endsWith('/')) continue;
          const key = Key.slice(prefix.length);
          yield { key, bytes: Size, etag: ETag, modified: LastModified };
        }
      }
    } catch (error) {
      throw explain(error, { doing: 'list', bucket, name: `s3://${bucket}/${prefix}` });
    }
  }

  /** Sends a file unless the same bytes are there. */
  async #bring({ local, remote }: Pair, stop: AbortSignal): Promise<void> {
    const file = local!;
    try {
      const isThere = await this.#isThere(file, remote);
      if (!isThere) await this.#put(file, stop);
      const batch = this.#batchOf(file.key);
      if (batch && !isThere) batch.hasNew = true;
      this.#count(isThere ? this.#present : this.#sent, file);
    } catch (error) {
      throw await this.#blame(file, error);
    }
  }

  async #isThere(file: ObjectInfo, remote: RemoteObject | undefined): Promise<boolean> {
    if (remote?.bytes !== file.bytes) return false;
    const body = await this.#folder.read(file.key, { version: file.version });
    return (await etagOf(body, file.bytes)) === remote.etag;
  }

  /**
   * Puts the markers of the batches that have changed since theirs was put: all at once, so that one
   * run sees them all.
   */
  async #closeBatches(): Promise<{ key: string; version: string }[]> {
    const put: { key: string; version: string }[] = [];
    const close = async ({ marker, markedAt, newest, hasNew }: Batch): Promise<void> => {
      if (!marker) return;
      // The last condition: an upload that was stopped before its marker.
      const isDue = hasNew || !markedAt || (newest !== undefined && newest > markedAt);
      if (isDue) {
        const version = await this.#put(marker, this.#options.signal);
        put.push({ key: this.#keyOf(marker), version });
      }
      this.#count(isDue ? this.#sent : this.#present, marker);
    };
    await Promise.all([...this.#batches.values()].map(close));
    return put;
  }

  /**
   * Sends a file, again and again while S3 or the network fails and other files come through.
   * @returns the version that S3 gave it.
   */
  async #put(file: ObjectInfo, stop: AbortSignal): Promise<string> {
    const { bucket } = this.#options;
    const name = `s3://${bucket}/${this.#keyOf(file)}`;
    let failingSinceMs: number | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#send(file, stop);
      } catch (error) {
        stop.throwIfAborted();
        const failure = explain(error, { doing: 'write', bucket, name });
        const nowMs = performance.now();
        failingSinceMs ??= nowMs;
        const stuckMs = nowMs - Math.max(failingSinceMs, this.#movedAtMs);
        if (!(failure instanceof TransientError) || stuckMs > patienceMs) throw failure;
        const pauseMs = Math.random() * Math.min(longestPauseMs, 1_000 * 2 ** attempt);
        await delay(pauseMs, undefined, { signal: stop });
      }
    }
  }

  async #send(file: ObjectInfo, stop: AbortSignal): Promise<string> {
    const body = await this.#folder.read(file.key, { version: file.version });
    const sending = new Upload({
      client: this.#client,
      params: {
        Bucket: this.#options.bucket,
        Key: this.#keyOf(file),
        Body: body,
        ChecksumAlgorithm: 'SHA256',
      },
      partSize: partBytesOf(file.bytes),
      queueSize: partsAtOnce,
    });
    let loaded = 0;
    sending.on('httpUploadProgress', (progress) => {
      this.#partialBytes += (progress.loaded ?? loaded) - loaded;
      loaded = progress.loaded ?? loaded;
      this.#movedAtMs = performance.now();
      this.#report();
    });
    const abort = () => void sending.abort();
    stop.addEventListener('abort', abort);
    if (stop.aborted) abort();
    try {
      return (await sending.done()).VersionId ?? 'null';
    } finally {
      stop.removeEventListener('abort', abort);
      body.destroy();
      this.#partialBytes -= loaded;
    }
  }

  /** A file that something writes into while it is sent is not S3's fault. */
  async #blame(file: ObjectInfo, failure: unknown): Promise<unknown> {
    if ((await this.#folder.head(file.key))?.version === file.version) return failure;
    return new UserError(
      `${this.#folder.location}/${file.key} was changed or removed while it was being sent`,
      'Run the same command again when nothing writes into the folder any more.',
    );
  }

  #count(amount: Amount, file: ObjectInfo): void {
    amount.files++;
    amount.bytes += file.bytes;
    this.#report();
  }

  #keyOf(file: ObjectInfo): string {
    return `${this.#options.name}/${file.key}`;
  }

  #report(): void {
    const mebibytes = this.#total.bytes >= 10 * 1024 ** 2;
    const unitBytes = mebibytes ? 1024 ** 2 : 1024;
    const done = this.#sent.files + this.#present.files;
    const doneBytes = this.#sent.bytes + this.#present.bytes + this.#partialBytes;
    this.#options.onProgress?.({
      stage: 'Upload',
      done: doneBytes / unitBytes,
      total: this.#total.bytes / unitBytes,
      // One figure with its rate, and how many files that is.
      unit: `${mebibytes ? 'MiB' : 'KiB'}, ${count(done)} of ${count(this.#total.files)} files`,
    });
  }
}

/** Joins two listings, both in ascending order of keys. */
async function* paired(
  folder: AsyncIterable<ObjectInfo>,
  bucket: AsyncIterable<RemoteObject>,
): AsyncGenerator<Pair> {
  const locals = folder[Symbol.asyncIterator]();
  const remotes = bucket[Symbol.asyncIterator]();
  let [local, remote] = [await locals.next(), await remotes.next()];
  while (!local.done || !remote.done) {
    const order = local.done
      ? 1
      : remote.done
        ? -1
        : compareKeys(local.value.key, remote.value.key);
    yield {
      ...(!local.done && order <= 0 && { local: local.value }),
      ...(!remote.done && order >= 0 && { remote: remote.value }),
    };
    if (order <= 0) local = await locals.next();
    if (order >= 0) remote = await remotes.next();
  }
}
