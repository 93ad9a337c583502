import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { TransientError, UserError } from '../errors.ts';
import { checkRange, isEmpty, missingError, outsideError } from './failures.ts';
import { checkKey } from './key.ts';
import { patient } from './patience.ts';
import { resumable } from './resume.ts';
import { attemptsOf, errorCode, explainS3Error, type Request, statusOf } from './s3-failures.ts';
import type {
  ByteRange,
  ListedObject,
  ObjectInfo,
  ObjectStore,
  ReadOptions,
  WriteCondition,
} from './store.ts';

/** Limits after which a connection that does not open, or stays silent, counts as dead. */
const connectionTimeoutMs = 5_000;
const socketTimeoutMs = 60_000;

/** Attempts of a write that S3 answers with 409: another write is in progress. */
const maxWrites = 6;

/** Name of the metadata field with the id of the `write` call that wrote an object. */
const writeField = 'counterweight-write';

/**
 * A bucket and prefix of S3, or of a server that speaks its protocol (AWS_ENDPOINT_URL_S3).
 * Credentials and region come from the sources that every AWS tool uses.
 *
 * - A version is S3's VersionId. In a bucket without versioning it is the ETag, which is quoted,
 *   and reading fails once the object has been replaced.
 * - Listing uses ListObjectVersions, the only listing with versions, and needs
 *   s3:ListBucketVersions. Leaves out the empty objects that consoles make for folders ("a/").
 */
export class S3Store implements ObjectStore {
  readonly location: string;
  readonly #bucket: string;
  /** Empty, or ends with "/". */
  readonly #prefix: string;
  readonly #client: S3Client;

  constructor(location: string) {
    const [, bucket, prefix] = /^s3:\/\/([a-z0-9][a-z0-9.-]{2,62})\/?(.*)$/s.exec(location) ?? [];
    if (bucket === undefined || prefix === undefined) {
      throw new UserError(
        `${JSON.stringify(location)} is not an S3 location`,
        'It looks like s3://BUCKET/PREFIX; a bucket name has 3 to 63 lowercase letters, digits, "." and "-".',
      );
    }
    const path = prefix.replace(/\/+$/, '');
    this.location = path === '' ? `s3://${bucket}` : `s3://${bucket}/${path}`;
    this.#bucket = bucket;
    this.#prefix = path === '' ? '' : `${path}/`;
    this.#client = openS3();
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const found = await this.#head(key);
    return found && describe(key, found, found.ContentLength);
  }

  async read(key: string, { version, range }: ReadOptions = {}): Promise<Readable> {
    if (range) checkRange(range);
    if (range && isEmpty(range)) {
      if (!(await this.#head(key, version))) throw missingError(this.#name(key));
      return Readable.from([]);
    }
    const first = await this.#get(key, version, range);
    const start = range?.start ?? 0;
    const end = start + (first.ContentLength ?? 0);
    const pin = versionOf(first);
    return resumable(bodyOf(first), end - start, async (offset) =>
      bodyOf(await this.#get(key, pin, { start: start + offset, end })),
    );
  }

  async write(
    key: string,
    body: Uint8Array,
    condition?: WriteCondition,
  ): Promise<ObjectInfo | undefined> {
    const id = randomUUID();
    for (let attempt = 1; ; attempt++) {
      try {
        const written = await this.#put(key, body, id, condition);
        return describe(key, written, body.byteLength);
      } catch (error) {
        if (condition && isConditionFailure(error)) return this.#ownWrite(key, id, error);
        if (errorCode(error) !== 'ConditionalRequestConflict') {
          throw this.#explain('write', key, error);
        }
        if (attempt === maxWrites) {
          throw new TransientError(`${this.#name(key)} is being written by other processes`);
        }
        await delay(Math.random() * 50 * 2 ** attempt);
      }
    }
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    if (prefix !== '') checkKey(prefix);
    for await (const { Versions = [] } of this.#pages(prefix)) {
      for (const found of Versions) {
        if (!found.IsLatest || found.Key === undefined || found.Key.endsWith('/')) continue;
        yield {
          key: found.Key.slice(this.#prefix.length),
          version: versionOf(found),
          etag: found.ETag ?? '',
          bytes: found.Size ?? 0,
          modified: found.LastModified ?? new Date(),
        };
      }
    }
  }

  async *folders(prefix: string): AsyncGenerator<string> {
    // Not checked: keys of other programs may begin with "/", and their folders are found as well.
    for await (const { CommonPrefixes = [] } of this.#pages(prefix, '/')) {
      for (const { Prefix = '' } of CommonPrefixes) yield Prefix.slice(this.#prefix.length);
    }
  }

  /** Lists the pages below a prefix. S3 lists the next page while the caller works on this one. */
  async *#pages(
    prefix: string,
    delimiter?: string,
  ): AsyncGenerator<ListObjectVersionsCommandOutput> {
    let page: ListObjectVersionsCommandOutput | undefined = await this.#page(prefix, delimiter);
    while (page !== undefined) {
      const next: Promise<ListObjectVersionsCommandOutput> | undefined = page.IsTruncated
        ? this.#page(prefix, delimiter, page)
        : undefined;
      // It may fail before it is awaited; without a handler that would end the process.
      next?.catch(() => {});
      yield page;
      page = await next;
    }
  }

  async #page(
    prefix: string,
    delimiter: string | undefined,
    after?: ListObjectVersionsCommandOutput,
  ): Promise<ListObjectVersionsCommandOutput> {
    const command = new ListObjectVersionsCommand({
      Bucket: this.#bucket,
      Prefix: this.#prefix + prefix,
      Delimiter: delimiter,
      KeyMarker: after?.NextKeyMarker,
      VersionIdMarker: after?.NextVersionIdMarker,
    });
    try {
      return await this.#client.send(command);
    } catch (error) {
      throw this.#explain('list', prefix, error);
    }
  }

  async #head(key: string, version?: string): Promise<HeadObjectCommandOutput | undefined> {
    const command = new HeadObjectCommand({ ...this.#target(key), ...pinned(version) });
    try {
      return await this.#client.send(command);
    } catch (error) {
      // The answer to HEAD has no body: a missing bucket looks the same.
      if (statusOf(error) === 404) return undefined;
      throw this.#explain('read', key, error, version);
    }
  }

  async #get(key: string, version?: string, range?: ByteRange): Promise<GetObjectCommandOutput> {
    const command = new GetObjectCommand({
      ...this.#target(key),
      ...pinned(version),
      Range: range && `bytes=${range.start}-${range.end - 1}`,
    });
    try {
      return await this.#client.send(command);
    } catch (error) {
      if (range && statusOf(error) === 416) throw outsideError(this.#name(key), range);
      throw this.#explain('read', key, error, version);
    }
  }

  #put(key: string, body: Uint8Array, id: string, condition: WriteCondition | undefined) {
    const command = new PutObjectCommand({
      ...this.#target(key),
      Body: body,
      ChecksumAlgorithm: 'SHA256',
      Metadata: { [writeField]: id },
      ...(condition && conditionHeaders(condition)),
    });
    return this.#client.send(command);
  }

  /**
   * Returns the object if this very call wrote it. If the answer to a write is lost, the SDK sends
   * the write again, and then the condition fails because of the first one.
   */
  async #ownWrite(key: string, id: string, error: unknown): Promise<ObjectInfo | undefined> {
    if (attemptsOf(error) === 1) return undefined;
    const present = await this.#head(key);
    const isOurs = present?.Metadata?.[writeField] === id;
    return isOurs ? describe(key, present, present.ContentLength) : undefined;
  }

  #target(key: string): { Bucket: string; Key: string } {
    checkKey(key);
    return { Bucket: this.#bucket, Key: this.#prefix + key };
  }

  #name(key: string): string {
    return `s3://${this.#bucket}/${this.#prefix}${key}`;
  }

  #explain(doing: Request['doing'], key: string, error: unknown, version?: string): unknown {
    return explainS3Error(error, { doing, bucket: this.#bucket, name: this.#name(key), version });
  }
}

/** Opens the client of every part of counterweight that uses S3. */
export function openS3(): S3Client {
  const endpoint = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  return new S3Client({
    ...patient(),
    // Servers other than AWS rarely have a host name per bucket.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    followRegionRedirects: true,
    requestHandler: { connectionTimeout: connectionTimeoutMs, socketTimeout: socketTimeoutMs },
  });
}

/** Converts a version to a condition; a quoted version is an ETag. */
function pinned(version: string | undefined): { IfMatch?: string; VersionId?: string } {
  if (version === undefined) return {};
  return version.startsWith('"') ? { IfMatch: version } : { VersionId: version };
}

function describe(key: string, found: Tags, bytes: number | undefined): ObjectInfo {
  const etag = found.ETag ?? '';
  return { key, version: versionOf(found), etag, bytes: bytes ?? 0 };
}

/** Fields of an object's version; VersionId is "null" from before versioning was on. */
interface Tags {
  readonly ETag?: string | undefined;
  readonly VersionId?: string | undefined;
}

function versionOf({ ETag = '', VersionId = 'null' }: Tags): string {
  return VersionId === 'null' ? ETag : VersionId;
}

function conditionHeaders(condition: WriteCondition): { IfNoneMatch?: string; IfMatch?: string } {
  return 'ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch };
}

/** Returns whether a condition failed. 404: If-Match without an object. */
function isConditionFailure(error: unknown): boolean {
  return statusOf(error) === 412 || errorCode(error) === 'NoSuchKey';
}

function bodyOf(answer: GetObjectCommandOutput): Readable {
  // In Node a body is a Readable; the SDK's type covers browsers as well.
  return answer.Body as Readable;
}
