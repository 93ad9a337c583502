/** Changes of JSON texts that leave them JSON. */
import type { Random } from '../../src/data/random.ts';
import { below, edges, mutateBytes, pick } from './mutate.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const texts = ['', ' ', '\0', '\ud800', '../../x', '/', '__proto__', 'constructor', '%', '%zz'];
const others: readonly Json[] = [null, true, [], {}, [[]], -1, 0.5, 1e308, ...texts, ...edges];

/** Changes a few values inside the text, or any bytes. */
export function mutateJson(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const value = parse(bytes);
  if (value === undefined || random() < 0.15) return mutateBytes(bytes, random, other);
  const strangers = valuesIn(parse(other) ?? null);
  let changed = value;
  for (let count = 1 + below(random, 3); count > 0; count--) {
    changed = changeInside(changed, random, strangers);
  }
  return Buffer.from(JSON.stringify(changed));
}

/**
 * Replaces a few values by others of their type, so that more of the text is as its reader expects.
 */
export function mutateJsonAlike(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const value = parse(bytes);
  if (value === undefined || random() < 0.3) return mutateJson(bytes, random, other);
  const strangers = [...valuesIn(value), ...valuesIn(parse(other) ?? null)];
  let changed = value;
  for (let count = 1 + below(random, 2); count > 0; count--) {
    changed = changeAlike(changed, random, strangers);
  }
  return Buffer.from(JSON.stringify(changed));
}

function changeAlike(value: Json, random: Random, strangers: readonly Json[]): Json {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') {
    const small = [value - 1, value + 1, value / 2, 2 * value, 3, 1024, -1];
    return pick(random, random() < 0.6 ? small : edges);
  }
  if (typeof value === 'string') {
    const known = strangers.filter((stranger) => typeof stranger === 'string');
    return random() < 0.8 ? pick(random, known) : value + pick(random, texts);
  }
  if (!isNested(value)) return value;
  const keys = Object.keys(value);
  if (keys.length === 0) return value;
  const fields = new Map(Object.entries(value));
  const key = pick(random, keys);
  const at = random();
  if (at < 0.05) fields.delete(key);
  else if (at < 0.1) fields.set(key, fields.get(pick(random, keys))!);
  else if (at < 0.15 && Array.isArray(value)) return value.concat(value.slice(below(random, 2)));
  else fields.set(key, changeAlike(fields.get(key)!, random, strangers));
  return Array.isArray(value) ? [...fields.values()] : Object.fromEntries(fields);
}

function parse(bytes: Buffer): Json | undefined {
  try {
    return JSON.parse(bytes.toString('utf8')) as Json;
  } catch {
    return undefined;
  }
}

function valuesIn(value: Json): Json[] {
  return [value, ...(isNested(value) ? Object.values(value).slice(0, 50).flatMap(valuesIn) : [])];
}

function isNested(value: Json): value is Json[] | { [key: string]: Json } {
  return typeof value === 'object' && value !== null;
}

function changeInside(value: Json, random: Random, strangers: readonly Json[]): Json {
  const keys = isNested(value) ? Object.keys(value) : [];
  if (!isNested(value) || keys.length === 0 || random() < 0.1) {
    return changed(value, random, strangers);
  }
  const key = pick(random, keys);
  // Own properties, so that "__proto__" stays a field.
  const fields = new Map(Object.entries(value));
  const at = random();
  if (at < 0.1) fields.delete(key);
  else if (at < 0.15) fields.set(pick(random, texts), pick(random, strangers));
  else fields.set(key, changeInside(fields.get(key)!, random, strangers));
  return Array.isArray(value) ? [...fields.values()] : Object.fromEntries(fields);
}

function changed(value: Json, random: Random, strangers: readonly Json[]): Json {
  switch (below(random, 5)) {
    case 0:
      return pick(random, others);
    case 1:
      return pick(random, strangers);
    case 2:
      return typeof value === 'string' ? value + pick(random, texts) : String(value);
    case 3:
      return Array<Json>(1 + below(random, 3)).fill(value);
    default: {
      // Three changes in one place nest 3,000 levels. JSON and String end at 4,100 and 3,100.
      let nested = value;
      for (let depth = below(random, 1_000); depth > 0; depth--) nested = [nested];
      return nested;
    }
  }
}
