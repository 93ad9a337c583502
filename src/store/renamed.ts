import { Readable } from 'node:stream';
import type { ListedObject, ObjectInfo, ObjectStore, ReadOptions } from './store.ts';

/**
 * Objects of a store under longer keys, for reading: `prefix` is in front of each. Messages and ids
 * then have the paths that the user gave.
 */
export class RenamedStore implements ObjectStore {
  readonly location: string;
  readonly #store: ObjectStore;
  readonly #prefix: string;
  readonly #onRead: (bytes: number) => void;

  /** @param onRead Called with the size of each chunk that was read. */
  constructor(store: ObjectStore, prefix: string, onRead: (bytes: number) => void) {
    this.location = store.location;
    this.#store = store;
    this.#prefix = prefix;
    this.#onRead = onRead;
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const found = await this.#store.head(this.#own(key));
    return found && { ...found, key };
  }

  async read(key: string, options?: ReadOptions): Promise<Readable> {
    const stream = await this.#store.read(this.#own(key), options);
    const counted = Readable.from(this.#counted(stream), { objectMode: false });
    // If the consumer stops before the first chunk, the generator cannot close the stream.
    return counted.once('close', () => stream.destroy());
  }

  async *#counted(stream: Readable): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      this.#onRead(chunk.length);
      yield chunk;
    }
  }

  async write(): Promise<never> {
    throw new Error('a renamed store is only read');
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    for await (const object of this.#store.list(this.#own(prefix))) {
      yield { ...object, key: `${this.#prefix}${object.key}` };
    }
  }

  async *folders(prefix: string): AsyncGenerator<string> {
    for await (const folder of this.#store.folders(this.#own(prefix))) {
      yield `${this.#prefix}${folder}`;
    }
  }

  #own(key: string): string {
    return key.slice(this.#prefix.length);
  }
}
