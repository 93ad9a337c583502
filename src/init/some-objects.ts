import type { ObjectInfo, ObjectStore } from '../store/store.ts';

const maxObjects = 1_000;

/** The first objects of a folder: to look at more of what may be a thousand million tells nothing new. */
export async function* someObjects(store: ObjectStore, prefix: string): AsyncGenerator<ObjectInfo> {
  let count = 0;
  for await (const object of store.list(prefix)) {
    yield object;
    if (++count === maxObjects) return;
  }
}
