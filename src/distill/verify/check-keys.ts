/** Checks objects of a run by their keys. */
import { readAhead } from '../../data/ahead.ts';
import { missing } from '../../store/damage.ts';
import type { ObjectStore } from '../../store/store.ts';
import { checkObject } from './check-object.ts';
import { alsoDeleted } from './mend.ts';
import type { StatedDigests } from './stated-digests.ts';

/** Number of objects that are read at the same time. */
export const concurrency = 8;

/** A damaged or missing object. */
export interface Damage {
  readonly key: string;
  /** The damage, after the key: "is missing". */
  readonly how: string;
  /** Other objects to delete, so that the workflow writes this one again. */
  readonly others: readonly string[];
}

/** Result of a check of objects. */
export interface CheckedKeys {
  /** Number of objects that are as they were written. */
  readonly intact: number;
  readonly damaged: readonly Damage[];
  /** Keys of objects without a checksum. */
  readonly unchecked: readonly string[];
}

/** Checks objects that must exist. @param stated Digests of them, which other objects state. */
export async function checkKeys(
  results: ObjectStore,
  run: string,
  keys: Iterable<string>,
  stated: StatedDigests,
): Promise<CheckedKeys> {
  const result = { intact: 0, damaged: [] as Damage[], unchecked: [] as string[] };
  const check = async (key: string) => {
    const object = await results.head(key);
    if (!object) return { key, checked: { how: missing } };
    return { key, checked: await checkObject(results, object, stated.get(key)) };
  };
  for await (const { key, checked } of readAhead(new Set(keys), concurrency, check)) {
    if (checked === 'intact') result.intact++;
    else if (checked === 'noChecksum') result.unchecked.push(key);
    else result.damaged.push({ key, ...checked, others: await alsoDeleted(results, run, key) });
  }
  return result;
}
