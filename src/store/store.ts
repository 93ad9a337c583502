import type { Readable } from 'node:stream';

/** One stored object, pinned: reading `key` at `version` always gives the same bytes. */
export interface ObjectInfo {
  readonly key: string;
  readonly version: string;
  readonly etag: string;
  readonly bytes: number;
}

/** An object in a listing. */
export interface ListedObject extends ObjectInfo {
  /** Time of writing. */
  readonly modified: Date;
}

/** A half-open range of bytes: `start` is included, `end` is not. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The part of an object to read. */
export interface ReadOptions {
  /** Version to read; reading fails if it no longer exists. Default: the newest. */
  readonly version?: string | undefined;
  /** Bytes to read. Default: all. */
  readonly range?: ByteRange | undefined;
}

/** `ifAbsent`: write only if there is no such object; `ifMatch`: only over this ETag. */
export type WriteCondition = { readonly ifAbsent: true } | { readonly ifMatch: string };

/**
 * Storage of datasets and results: a folder (`store/folder.ts`) or an S3 bucket and prefix
 * (`store/s3.ts`); `store/open.ts` opens both. Keys are relative to the location, use `/`, and
 * never start with it.
 *
 * Conditional writes are the only lock and the only commit in counterweight: there is no database.
 */
export interface ObjectStore {
  /** The folder's absolute path, or `s3://bucket/prefix`. */
  readonly location: string;

  /** Returns an object's version, ETag and size, or undefined if it does not exist. */
  head(key: string): Promise<ObjectInfo | undefined>;

  /**
   * Reads an object's bytes as a stream.
   * @throws UserError if the object is missing, or is no longer at `version`.
   */
  read(key: string, options?: ReadOptions): Promise<Readable>;

  /**
   * Writes the whole object at once: other readers see the old object or the new one, never a part.
   * @returns the new object, or undefined if `condition` does not hold (and nothing was written).
   */
  write(key: string, body: Uint8Array, condition?: WriteCondition): Promise<ObjectInfo | undefined>;

  /** Lists the objects whose key starts with `prefix`, in ascending order of the UTF-8 bytes. */
  list(prefix: string): AsyncIterable<ListedObject>;

  /**
   * Lists the folders directly below a prefix, each as its prefix: `runs/digits-1/` below `runs/`.
   * A folder is listed without its objects, and may have none.
   *
   * @param prefix Empty, or ends with "/".
   */
  folders(prefix: string): AsyncIterable<string>;
}
