/**
 * S3 in memory, below the real `S3Store` and its SDK client: a versioned bucket that behaves as the
 * S3 API Reference describes, with faults.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { Defect } from './defects.ts';
import type { SimulatedStorage } from './simulated-storage.ts';
import { named, type World } from './world.ts';

/** A version of an object. */
export interface Version {
  readonly id: string;
  readonly etag: string;
  readonly body: Buffer;
  readonly modified: Date;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** Time by the clock of the machine that wrote it. */
  readonly clockMs: number;
  /** Number of writes of the world so far. */
  readonly order: number;
}

/** Fields of the commands that `S3Store` sends. */
const requestSchema = z.object({
  Bucket: z.string(),
  Key: z.string().default(''),
  Prefix: z.string().default(''),
  Delimiter: z.string().optional(),
  VersionId: z.string().optional(),
  Range: z.string().optional(),
  IfMatch: z.string().optional(),
  IfNoneMatch: z.string().optional(),
  Body: z.instanceof(Uint8Array).optional(),
  Metadata: z.record(z.string(), z.string()).optional(),
});
type Request = z.infer<typeof requestSchema>;

/** Simulated buckets, by name. */
const buckets = new Map<string, SimulatedS3>();

export class SimulatedS3 implements SimulatedStorage {
  /** Versions by "bucket/key", the oldest first. */
  readonly versions = new Map<string, Version[]>();
  /** Requests that write, by "bucket/key", whether they succeed or not. */
  readonly puts = new Map<string, number>();
  readonly #world: World;
  readonly #defect: Defect | undefined;
  /** Called after each write with the bucket, the key and the new version. */
  onWrite: (bucket: string, key: string, version: Version) => void = () => {};
  /** Number of versions that were written. */
  written = 0;

  constructor(world: World, defect?: Defect) {
    this.#world = world;
    this.#defect = defect;
  }

  /** Makes a bucket; one of this name in another world is gone. */
  makeBucket(name: string): string {
    buckets.set(name, this);
    return `s3://${name}`;
  }

  afterFailure(): void {}

  /** Puts an object there, without a request. */
  insert(bucket: string, key: string, text: string): void {
    this.#write({ Bucket: bucket, Key: key }, Buffer.from(text));
  }

  /** Returns the newest bodies of a bucket's objects by key. */
  objects(bucket: string): Map<string, Buffer> {
    return new Map(this.history(bucket).map(([key, all]) => [key, all.at(-1)!.body]));
  }

  /** Returns all versions of a bucket's objects by key. */
  history(bucket: string): [string, readonly Version[]][] {
    const found = [...this.versions].filter(([name]) => name.startsWith(`${bucket}/`));
    return found.map(([name, all]) => [name.slice(bucket.length + 1), all]);
  }

  /** Answers one call of the SDK, with all of its attempts. */
  async send(command: string, request: Request): Promise<object> {
    const { faults } = this.#world;
    await this.#travel();
    if (faults.happens('error before the commit')) throw this.#lost();
    if (command === 'PutObjectCommand') return this.#put(request);
    if (faults.happens('refused (403)')) throw failure('AccessDenied', 403);
    const answer =
      command === 'ListObjectVersionsCommand' ? this.#list(request) : this.#get(command, request);
    await this.#travel();
    return answer;
  }

  async #put(request: Request): Promise<object> {
    const { faults } = this.#world;
    const { Bucket, Key, IfMatch, IfNoneMatch } = request;
    const name = `${Bucket}/${Key}`;
    this.puts.set(name, (this.puts.get(name) ?? 0) + 1);
    if (faults.happens('refused (403)')) throw failure('AccessDenied', 403);
    const isConditional = IfMatch !== undefined || IfNoneMatch !== undefined;
    if (isConditional && faults.happens('conflict (409)')) {
      throw failure('ConditionalRequestConflict', 409);
    }
    this.#checkCondition(request, 1);
    let written = await this.#commit(request);
    await this.#travel();
    if (faults.happens('lost answer, sent again')) {
      this.#checkCondition(request, 2);
      written = await this.#commit(request);
    }
    if (faults.happens('error after the commit')) throw this.#lost();
    return { ETag: written.etag, VersionId: written.id };
  }

  #checkCondition({ Bucket, Key, IfMatch, IfNoneMatch }: Request, attempts: number): void {
    if (this.#defect === 'no-condition') return;
    const present = this.versions.get(`${Bucket}/${Key}`)?.at(-1);
    if (IfNoneMatch !== undefined && present) throw failure('PreconditionFailed', 412, attempts);
    if (IfMatch === undefined || IfMatch === present?.etag) return;
    throw present
      ? failure('PreconditionFailed', 412, attempts)
      : failure('NoSuchKey', 404, attempts);
  }

  /** Makes a version visible, at once. */
  async #commit(request: Request): Promise<Version> {
    const name = `${request.Bucket}/${request.Key}`;
    const body = Buffer.from(request.Body ?? []);
    const before = this.versions.get(name);
    if (this.#defect === 'commit-before-data') {
      this.#write(request, body.subarray(0, body.length / 2));
      await this.#travel();
    }
    if (this.#defect === 'rename-in-two-steps' && before) {
      this.versions.delete(name);
      await this.#travel();
      this.versions.set(name, [...before, ...(this.versions.get(name) ?? [])]);
    }
    return this.#write(request, body);
  }

  #write(
    { Bucket, Key, Metadata }: Partial<Request> & Pick<Request, 'Bucket' | 'Key'>,
    body: Buffer,
  ): Version {
    const name = `${Bucket}/${Key}`;
    const before = this.versions.get(name) ?? [];
    const modified = this.#world.time;
    const digest = createHash('md5').update(body).digest('hex');
    // The machine that writes has the clock.
    const clockMs = Date.now();
    const etag = this.#defect === 'clock-as-version' ? Math.floor(clockMs / 1000) : digest;
    const id = `${digest}-${before.length}`;
    const facts = { modified, metadata: Metadata, clockMs, order: ++this.written };
    const version: Version = { id, etag: `"${etag}"`, body, ...facts };
    const versions = [...before, version];
    if (this.#defect === 'clock-as-order') versions.sort((a, b) => a.clockMs - b.clockMs);
    this.versions.set(name, versions);
    this.onWrite(Bucket, Key, version);
    return version;
  }

  #get(command: string, { Bucket, Key, VersionId, Range, IfMatch }: Request): object {
    const all = this.versions.get(`${Bucket}/${Key}`);
    const found = VersionId === undefined ? all?.at(-1) : all?.find(({ id }) => id === VersionId);
    const isHead = command === 'HeadObjectCommand';
    if (!found) throw failure(isHead ? 'NotFound' : 'NoSuchKey', 404);
    if (IfMatch !== undefined && IfMatch !== found.etag) throw failure('PreconditionFailed', 412);
    const facts = { ETag: found.etag, VersionId: found.id, Metadata: found.metadata };
    if (isHead) return { ...facts, ContentLength: found.body.length };
    const [, start = 0, last = found.body.length - 1] =
      /^bytes=(\d+)-(\d+)$/.exec(Range ?? '') ?? [];
    if (Range !== undefined && Number(start) >= found.body.length) {
      throw failure('InvalidRange', 416);
    }
    const body = found.body.subarray(Number(start), Number(last) + 1);
    const stream = Readable.from(this.#chunks(body), { objectMode: false });
    return { ...facts, ContentLength: body.length, Body: stream };
  }

  async *#chunks(body: Buffer): AsyncGenerator<Buffer> {
    const { faults } = this.#world;
    const middle = this.#world.below(body.length + 1);
    if (faults.happens('slow read')) await this.#world.pass(this.#world.below(600_000));
    if (faults.happens('short read')) {
      if (middle > 0) yield body.subarray(0, middle);
      throw named('Error', 'aborted');
    }
    const isDamaged = body.length > 0 && faults.happens('damaged read');
    if (!isDamaged && body.length > 0) yield body;
    if (!isDamaged) return;
    const damaged = Buffer.from(body);
    damaged[middle % body.length]! ^= 1;
    yield damaged;
    if (this.#defect !== 'checksum-not-verified') {
      throw named('Error', 'Checksum mismatch: expected "a" but received "b"');
    }
  }

  #list({ Bucket, Prefix, Delimiter }: Request): object {
    const Versions: object[] = [];
    const folders = new Set<string>();
    const names = [...this.versions.keys()].filter((name) =>
      name.startsWith(`${Bucket}/${Prefix}`),
    );
    for (const name of names.sort()) {
      const key = name.slice(Bucket.length + 1);
      const folder = Delimiter === undefined ? -1 : key.indexOf(Delimiter, Prefix.length);
      const { id, etag, body, modified, order } = this.versions.get(name)!.at(-1)!;
      const isNew = this.written - order < 2;
      if (isNew && this.#defect === 'stale-listing') continue;
      if (folder >= 0) folders.add(key.slice(0, folder + 1));
      else {
        const facts = { ETag: etag, Size: body.length, LastModified: modified, IsLatest: true };
        Versions.push({ Key: key, VersionId: id, ...facts });
      }
    }
    return { Versions, CommonPrefixes: [...folders].map((folder) => ({ Prefix: folder })) };
  }

  /** The time of a message to S3 or back. */
  async #travel(): Promise<void> {
    await this.#world.pass(2 + this.#world.below(50));
  }

  #lost(): Error {
    return this.#world.below(2) === 0 ? failure('SlowDown', 503) : failure('TimeoutError', 0);
  }
}

function failure(name: string, httpStatusCode: number, attempts = 1): Error {
  return Object.assign(named(name, name), { $metadata: { httpStatusCode, attempts } });
}

const realSend = S3Client.prototype.send;

/** Sends requests for simulated buckets to their world, and all others as before. */
S3Client.prototype.send = function send(this: S3Client, command: object, ...rest: unknown[]) {
  const input = 'input' in command ? command.input : {};
  const { data } = requestSchema.safeParse(input);
  const world = data && buckets.get(data.Bucket);
  if (!world) return Reflect.apply(realSend, this, [command, ...rest]);
  return world.send(command.constructor.name, data);
} as typeof realSend;
