import { expect, test } from 'vitest';
import { oneSlot } from '../../src/run/one-slot.ts';

/** Opens values, and writes down what happened to them. */
function recorder() {
  const log: string[] = [];
  const open = (name: string) => async () => {
    log.push(`open ${name}`);
    return { name, dispose: () => log.push(`dispose ${name}`) };
  };
  return { log, open };
}

test('the same key has the same value', async () => {
  const { log, open } = recorder();
  const cached = oneSlot<Awaited<ReturnType<ReturnType<typeof open>>>>();
  const first = await cached('a', open('a'));
  expect(await cached('a', open('a'))).toBe(first);
  expect(log).toEqual(['open a']);
});

test('for another key the value before is disposed first, once', async () => {
  const { log, open } = recorder();
  const cached = oneSlot<Awaited<ReturnType<ReturnType<typeof open>>>>();
  await cached('a', open('a'));
  await cached('b', open('b'));
  await cached('a', open('a again'));
  expect(log).toEqual(['open a', 'dispose a', 'open b', 'dispose b', 'open a again']);
});

test('nothing disposed is returned after a value could not be opened', async () => {
  const { log, open } = recorder();
  const cached = oneSlot<Awaited<ReturnType<ReturnType<typeof open>>>>();
  await cached('a', open('a'));
  const failing = async () => Promise.reject(new Error('connection lost'));
  await expect(cached('b', failing)).rejects.toThrow('connection lost');
  await cached('a', open('a again'));
  expect(log).toEqual(['open a', 'dispose a', 'open a again']);
});
