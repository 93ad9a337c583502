import { openStore } from '../../src/store/open.ts';
import type { ObjectInfo } from '../../src/store/store.ts';

/** Puts an object into a location, whatever is there. */
export async function put(
  location: string,
  key: string,
  body: string | Uint8Array = '',
): Promise<ObjectInfo> {
  const store = await openStore(location);
  return (await store.write(key, Buffer.from(body)))!; // Only a condition can fail.
}
