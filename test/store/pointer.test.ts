import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { StoreError } from '../../src/errors.ts';
import { readPointer, swapPointer } from '../../src/store/pointer.ts';
import { MemoryStore } from '../support/memory-store.ts';

test('a pointer that was changed may have a stand-in, and a pointer that is denied has none', async () => {
  const schema = z.strictObject({ n: z.number() });
  const store = new MemoryStore({ CURRENT: '{ "n":' });
  expect(await readPointer(store, 'CURRENT', schema, { n: 0 })).toEqual({ n: 0 });
  const unsealed = new MemoryStore({ CURRENT: '{ "n": 2 }' });
  expect(await readPointer(unsealed, 'CURRENT', schema, { n: 0 })).toEqual({ n: 0 });
  const denied = new StoreError('S3 does not allow to read CURRENT');
  vi.spyOn(store, 'read').mockRejectedValue(denied);
  const swap = () => swapPointer(store, 'CURRENT', schema, () => ({ n: 1 }), { n: 0 });
  await expect(swap()).rejects.toBe(denied);
  expect(await store.head('CURRENT')).toMatchObject({ bytes: 6 });
});
