/** Vectors of Spark's machine learning library: structs that are dense or sparse. */
import { z } from 'zod';
import type { ValueType } from '../value-type.ts';

const sparse = 0;
const dense = 1;

/** Upper bound on the length of a sparse vector, which is read as a dense one. */
const maxLength = 2 ** 24;

const schema = z.discriminatedUnion('type', [
  z.object({ type: z.literal(dense), values: z.array(z.number()) }),
  z.object({
    type: z.literal(sparse),
    size: z.int().min(0).max(maxLength),
    indices: z.array(z.int().min(0)),
    values: z.array(z.number()),
  }),
]);

/** Returns whether a column of structs has vectors of Spark. */
export function isSparkVector(type: ValueType): boolean {
  if (type.kind !== 'struct') return false;
  return ['type', 'size', 'indices', 'values'].every((field) => type.fields.has(field));
}

/** Returns the numbers of a vector of Spark, or undefined if the value is not a valid one. */
export function readSparkVector(value: unknown): readonly number[] | undefined {
  const { data } = schema.safeParse(value);
  if (data === undefined || data.type === dense) return data?.values;
  if (data.indices.some((index) => index >= data.size)) return undefined;
  const values = new Array<number>(data.size).fill(0);
  data.indices.forEach((index, slot) => {
    values[index] = data.values[slot] ?? Number.NaN;
  });
  return values;
}
