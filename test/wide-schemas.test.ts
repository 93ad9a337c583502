import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fieldsOf, listOf } from '../src/wide-schemas.ts';

const item = z.strictObject({ name: z.string(), size: z.int() });
const right = { name: 'a', size: 1 };

describe('a list', () => {
  const schema = z.strictObject({ items: listOf(item, 3) });

  test('is parsed as z.array does', () => {
    const trimmed = listOf(z.string().trim(), 2);
    expect(trimmed.parse([' a', 'b '])).toEqual(['a', 'b']);
    expect(schema.parse({ items: [right, right] })).toEqual({ items: [right, right] });
    expect(schema.safeParse({ items: {} }).success).toBe(false);
  });

  test('has the first problem only, with its path', () => {
    const { error } = schema.safeParse({ items: [right, { name: 1, size: 'b' }, 7] });
    expect(error?.issues).toMatchObject([
      { path: ['items', 1, 'name'], message: 'Invalid input: expected string, received number' },
    ]);
  });

  test('may not be longer than its maximum', () => {
    const { error } = schema.safeParse({ items: [right, right, right, 7] });
    expect(error?.issues).toMatchObject([{ code: 'too_big', maximum: 3, path: ['items'] }]);
  });
});

describe('an object', () => {
  const schema = fieldsOf(item, 2);

  test('is parsed as z.record does, also with names of its prototype', () => {
    const value = JSON.parse(
      '{"__proto__": {"name": "a", "size": 1}, "b": {"name": "", "size": 0}}',
    );
    expect(Object.entries(schema.parse(value))).toEqual(Object.entries(value));
    for (const other of [[], null, 1, undefined])
      expect(schema.safeParse(other).success).toBe(false);
  });

  test('has the first problem only, with its path', () => {
    const { error } = schema.safeParse({ a: right, b: { name: 'b', size: 0.5 } });
    expect(error?.issues).toMatchObject([{ path: ['b', 'size'] }]);
  });

  test('may not have more fields than its maximum', () => {
    const { error } = schema.safeParse({ a: right, b: right, c: 1 });
    expect(error?.issues.map(({ message }) => message)).toEqual(['expected at most 2 fields']);
  });
});
