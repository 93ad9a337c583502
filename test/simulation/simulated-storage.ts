/** Simulated buckets of S3, or folders of a disk, with their objects. */
export interface SimulatedStorage {
  /** Requests that commit an object, by "bucket/key", whether they succeed or not. */
  readonly puts: ReadonlyMap<string, number>;
  /** Makes an empty bucket, or a folder; returns its location. */
  makeBucket(name: string): string;
  /** Puts an object there, without a request. */
  insert(bucket: string, key: string, text: string): void;
  /** Returns the newest bodies of a bucket's objects by key. */
  objects(bucket: string): Map<string, Buffer>;
  /** Returns all bodies that were visible under a key, the oldest first. */
  history(bucket: string): [string, readonly { readonly body: Buffer }[]][];
  /** Does what a user does after a command that failed, such as to free space. */
  afterFailure(): void;
}
