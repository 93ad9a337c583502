import { setTimeout as delay } from 'node:timers/promises';
import { HeadObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { readConfig } from '../config/read.ts';
import { batchOf, isMarker } from '../data/layout.ts';
import { InterruptedError, TransientError, UserError } from '../errors.ts';
import { count } from '../format.ts';
import type { Progress } from '../run/context.ts';
import { checkKey, compareKeys } from '../store/key.ts';
import { openStore } from '../store/open.ts';
import { openS3 } from '../store/s3.ts';
import { explainS3Error } from '../store/s3-failures.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';
import { checksumOf, etagOf, partBytesOf } from './s3-etag.ts';
import { sideBySide } from './side-by-side.ts';

/** Concurrent transfers: `slots` small files, or fewer large ones with `partsAtOnce` parts each. */
const slots = 32;
const partsAtOnce = 4;

/** A file is retried until no byte has been sent for this long, in ms. */
const patienceMs = 5 * 60_000;
const longestPauseMs = 30_000;

/** Source and target of an upload. */
export interface UploadOptions {
  /** Folder of the dataset. */
  readonly folder: string;
  readonly bucket: string;
  /** Name of the dataset: its prefix in the bucket. */
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Result of an upload. */
export interface UploadResult {
  readonly location: string;
  /** Number of files sent. */
  readonly sent: number;
  /** Number of files that S3 had already. */
  readonly present: number;
  readonly sentBytes: number;
  /** Markers that were sent, with their versions in S3: a run starts on batches that have one. */
  readonly markers: readonly { readonly key: string; readonly version: string }[];
  /** Batches with new files whose folder has no marker. */
  readonly openBatches: readonly string[];
  /** Number of objects in S3 that the folder does not have. */
  readonly others: number;
}

/**
 * Copies a dataset's folder to the bucket, deleting nothing there. Files that S3 has already are
 * not sent again, so that a second call resumes a stopped one. Markers of batches are sent last, so
 * that the run they start sees the whole dataset, and only if their batch has changed.
 *
 * @throws UserError if the folder or its config is wrong, before anything is sent; InterruptedError
 *   after `signal`.
 */
export async function upload(options: UploadOptions): Promise<UploadResult> {
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
  // Every file is read whole, to be sent: reading it for a digest as well would take time.
  if (!location.startsWith('s3://')) return openStore(location, 'time');
  throw new UserError(
    `${location} is not a folder`,
    'To copy between buckets: aws s3 sync without the _SUCCESS of the batches, then copy those.',
  );
}

interface Amount {
  files: number;
  bytes: number;
}

/** Measures the folder. Refuses keys that S3 does not allow, before anything is sent. */
async function measure(folder: ObjectStore, name: string): Promise<Amount> {
  const amount = { files: 0, bytes: 0 };
  for await (const { key, bytes } of folder.list('')) {
    checkKey(`${name}/${key}`);
    amount.files++;
    amount.bytes += bytes;
  }
  return amount;
}

/** Batch of the unlabeled set, in the folder and in the bucket. */
interface Batch {
  /** Marker in the folder. */
  marker?: ObjectInfo;
  /** Time of the marker in the bucket; undefined if there is none. */
  markedAt?: Date;
  /** Time of the batch's newest object in the bucket. */
  newest?: Date;
  hasNew: boolean;
}

interface RemoteObject {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
  readonly modified: Date;
}

/** Object of the dataset: in the folder, in the bucket or in both. */
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
  /** Bytes sent of files in progress. */
  #partialBytes = 0;
  #others = 0;
  /** Time at which bytes were last sent. */
  #movedAtMs = 0;

  constructor(folder: ObjectStore, options: UploadOptions, total: Amount) {
    this.#folder = folder;
    this.#options = options;
    this.#total = total;
  }

  async run(): Promise<UploadResult> {
    const { bucket, name, signal } = this.#options;
    const weight = ({ local }: Pair) =>
      local && local.bytes > partBytesOf(local.bytes) ? partsAtOnce : 1;
    await sideBySide(this.#differences(), { slots, weight, signal }, (pair, stop) =>
      this.#transfer(pair, stop),
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

  /**
   * Lists the files with their objects in the bucket. Holds back the markers, and counts objects
   * that the folder does not have.
   */
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
      throw explainS3Error(error, { doing: 'list', bucket, name: `s3://${bucket}/${prefix}` });
    }
  }

  /** Sends a file unless S3 has the same bytes. */
  async #transfer({ local, remote }: Pair, stop: AbortSignal): Promise<void> {
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
    const read = () => this.#folder.read(file.key, { version: file.version });
    if ((await etagOf(await read(), file.bytes)) === remote.etag) return true;
    const checksum = await this.#encryptedChecksum(file);
    if (checksum === undefined) return false;
    // Not every answer of S3 adds the number of parts.
    const [own, found] = [await checksumOf(await read(), file.bytes), checksum].map(
      (digest) => digest.split('-')[0],
    );
    return own === found;
  }

  /**
   * Reads the checksum of an object that a KMS key encrypts: its ETag is not a digest.
   *
   * @returns undefined for another object, or without a checksum of an upload like this one.
   */
  async #encryptedChecksum(file: ObjectInfo): Promise<string | undefined> {
    const { ServerSideEncryption, ChecksumSHA256 } = await this.#client.send(
      new HeadObjectCommand({
        Bucket: this.#options.bucket,
        Key: this.#keyOf(file),
        ChecksumMode: 'ENABLED',
      }),
    );
    return ServerSideEncryption?.startsWith('aws:kms') ? ChecksumSHA256 : undefined;
  }

  /**
   * Sends the markers of batches that have changed since their marker was sent. Sends them all at
   * once, so that one run sees them all.
   */
  async #closeBatches(): Promise<{ key: string; version: string }[]> {
    const put: { key: string; version: string }[] = [];
    const close = async ({ marker, markedAt, newest, hasNew }: Batch): Promise<void> => {
      if (!marker) return;
      // Objects newer than the marker come from an upload that was stopped before its marker.
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
   * Sends a file, with retries while S3 or the network fails and other files are sent.
   * @returns the version that S3 assigned.
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
        const failure = explainS3Error(error, { doing: 'write', bucket, name });
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

  /** Returns the error to report: the folder's fault if the file changed during the transfer. */
  async #blame(file: ObjectInfo, failure: unknown): Promise<unknown> {
    if ((await this.#folder.head(file.key))?.version === file.version) return failure;
    return new UserError(
      `${this.#folder.location}/${file.key} was changed or removed while it was being sent`,
      'Run the same command again when no other program writes into the folder.',
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
      // The rate is in bytes; the number of files is part of the unit's text.
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
