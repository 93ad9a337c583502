import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { TransientError, UserError } from '../../src/errors.ts';
import type { ListedObject, ObjectInfo, ObjectStore, ReadOptions } from '../../src/store/store.ts';

/** Objects in memory: for properties over many small stores, and for stores that fail. */
export class MemoryStore implements ObjectStore {
  readonly location = 'memory';
  /** Bytes read, by key. */
  readonly bytesRead = new Map<string, number>();
  /** The streams handed out, in order. */
  readonly streams: Readable[] = [];
  private readonly objects = new Map<string, Uint8Array>();
  private readonly chunkBytes: number;

  constructor(objects: Record<string, Uint8Array | string> = {}, chunkBytes = 64 * 1024) {
    for (const [key, body] of Object.entries(objects)) this.objects.set(key, Buffer.from(body));
    this.chunkBytes = chunkBytes;
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const body = this.objects.get(key);
    if (body === undefined) return undefined;
    const etag = createHash('sha256').update(body).digest('hex').slice(0, 8);
    return { key, version: etag, etag, bytes: body.length };
  }

  async read(key: string, { version, range }: ReadOptions = {}): Promise<Readable> {
    const body = this.objects.get(key);
    if (body === undefined) throw new UserError(`'${key}' is missing.`);
    if (version !== undefined && (await this.head(key))?.version !== version) {
      throw new UserError(`'${key}' has changed.`);
    }
    const chunks = this.chunks(key, body.subarray(range?.start ?? 0, range?.end));
    const stream = Readable.from(chunks, { objectMode: false });
    this.streams.push(stream);
    return stream;
  }

  async write(key: string, body: Uint8Array): Promise<ObjectInfo | undefined> {
    this.objects.set(key, body);
    return this.head(key);
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    for (const key of [...this.objects.keys()].sort()) {
      const info = key.startsWith(prefix) ? await this.head(key) : undefined;
      if (info !== undefined) yield { ...info, modified: new Date(0) };
    }
  }

  async *folders(prefix: string): AsyncGenerator<string> {
    const below = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    const names = below.flatMap((key) => key.slice(prefix.length).split('/').slice(0, -1)[0] ?? []);
    for (const name of [...new Set(names)].sort()) yield `${prefix}${name}/`;
  }

  private async *chunks(key: string, body: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < body.length; at += this.chunkBytes) {
      const chunk = body.subarray(at, at + this.chunkBytes);
      this.bytesRead.set(key, (this.bytesRead.get(key) ?? 0) + chunk.length);
      yield chunk;
    }
  }
}

/** Gives the start of every object, and then loses the connection. */
export class BrokenStore extends MemoryStore {
  override async read(key: string, options?: ReadOptions): Promise<Readable> {
    const whole = await super.read(key, options);
    return Readable.from(
      (async function* () {
        for await (const chunk of whole) {
          yield chunk.subarray(0, 100);
          throw new TransientError('connection lost');
        }
      })(),
      { objectMode: false },
    );
  }
}
