import { openStore } from '../../src/store/open.ts';
import { sealJson } from '../../src/store/seal.ts';
import type { ObjectInfo, ObjectStore } from '../../src/store/store.ts';

/** Puts an object into a location, whatever is there. */
export async function put(
  location: string,
  key: string,
  body: string | Uint8Array = '',
): Promise<ObjectInfo> {
  const store = await openStore(location);
  return (await store.write(key, Buffer.from(body)))!; // Only a condition can fail.
}

/** Puts JSON with its checksum into the results, whatever is there. */
export async function putJson(store: ObjectStore, key: string, value: object): Promise<void> {
  await store.write(key, sealJson(value, key));
}

/** Encodes JSON with its checksum as text. */
export function sealedText(value: object, key?: string): string {
  return Buffer.from(sealJson(value, key)).toString();
}
