import type { ObjectInfo, ObjectStore } from '../store/store.ts';

const maxObjects = 1_000;

/** Lists the first objects of a folder. A sample is enough; it may hold a billion objects. */
export async function* someObjects(store: ObjectStore, prefix: string): AsyncGenerator<ObjectInfo> {
  let count = 0;
  for await (const object of store.list(prefix)) {
    yield object;
    if (++count === maxObjects) return;
  }
}
