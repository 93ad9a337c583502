import { Readable } from 'node:stream';
import type { ObjectStore } from './store.ts';

/** One object that can be read once, from its start: standard input, or a pipe. */
export class StreamStore implements ObjectStore {
  readonly location: string;
  readonly #stream: AsyncIterable<Uint8Array>;

  constructor(name: string, stream: AsyncIterable<Uint8Array>) {
    this.location = name;
    this.#stream = stream;
  }

  async head(): Promise<undefined> {
    return undefined;
  }

  async read(): Promise<Readable> {
    return Readable.from(this.#stream, { objectMode: false });
  }

  async write(): Promise<never> {
    throw new Error('a stream is only read');
  }

  async *list(): AsyncGenerator<never> {}

  async *folders(): AsyncGenerator<never> {}
}
