import type { Readable } from 'node:stream';

/** One stored object, pinned: reading `key` at `version` always gives the same bytes. */
export interface ObjectInfo {
  readonly key: string;
  readonly version: string;
  readonly etag: string;
  readonly bytes: number;
}

/** What a listing tells of an object. */
export interface ListedObject extends ObjectInfo {
  /** When it was written. */
  readonly modified: Date;
}

/** A half-open range of bytes: `start` is included, `end` is not. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ReadOptions {
  /** Read exactly this version; fails when it is gone. Default: the newest. */
  readonly version?: string | undefined;
  /** Read these bytes only. Default: all. */
  readonly range?: ByteRange | undefined;
}

/** `ifAbsent`: write only when there is no such object; `ifMatch`: only over this ETag. */
export type WriteCondition = { readonly ifAbsent: true } | { readonly ifMatch: string };

/**
 * Where datasets and results live: a folder (`store/folder.ts`) or an S3 bucket and prefix
 * (`store/s3.ts`); `store/open.ts` opens either from a location. Keys are relative to the
 * location, use `/`, and never start with it.
 *
 * Conditional writes are the only lock and the only commit in counterweight: there is no database.
 */
export interface ObjectStore {
  /** The folder's absolute path, or `s3://bucket/prefix`. */
  readonly location: string;

  /** The object's facts, or undefined when there is none. */
  head(key: string): Promise<ObjectInfo | undefined>;

  /**
   * The object's bytes as a stream.
   * @throws UserError when the object is missing, or is no longer at `version`.
   */
  read(key: string, options?: ReadOptions): Promise<Readable>;

  /**
   * Writes the whole object at once: other readers see the old object or the new one, never a part.
   * @returns the new object, or undefined when `condition` does not hold (and nothing was written).
   */
  write(key: string, body: Uint8Array, condition?: WriteCondition): Promise<ObjectInfo | undefined>;

  /** All objects whose key starts with `prefix`, in ascending order of the key's UTF-8 bytes. */
  list(prefix: string): AsyncIterable<ListedObject>;
}
