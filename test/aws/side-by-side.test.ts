import { expect, test } from 'vitest';
import { sideBySide } from '../../src/aws/side-by-side.ts';

const never = new AbortController().signal;

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) yield i;
}

/** Work that waits for its release. */
function gates() {
  const open: (() => void)[] = [];
  return { open, wait: () => new Promise<void>((resolve) => open.push(resolve)) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('works on as many items as their weights let it', async () => {
  const { open, wait } = gates();
  const limits = { slots: 4, weight: (i: number) => (i === 2 ? 3 : 1), signal: never };
  const begun: number[] = [];
  const all = sideBySide(numbers(5), limits, async (i) => {
    begun.push(i);
    await wait();
  });
  await settled();
  expect(begun).toEqual([0, 1]);
  open[0]!();
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  open[2]!();
  await settled();
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  for (const release of open) release();
  await all;
});

test('the first failure stops the others, takes no more items and is thrown', async () => {
  const limits = { slots: 2, weight: () => 1, signal: never };
  const begun: number[] = [];
  let ended = false;
  const all = sideBySide(numbers(10), limits, async (i, stop) => {
    begun.push(i);
    if (i === 1) throw new Error('first');
    await new Promise((resolve) => stop.addEventListener('abort', resolve));
    await settled();
    ended = true;
    throw new Error('second');
  });
  await expect(all).rejects.toThrow('first');
  expect(begun).toEqual([0, 1]);
  expect(ended).toBe(true);
});

test('so does a failure of the stream', async () => {
  async function* broken() {
    yield 1;
    throw new Error('listing');
  }
  const limits = { slots: 2, weight: () => 1, signal: never };
  const all = sideBySide(broken(), limits, async (_, stop) => {
    await new Promise((resolve) => stop.addEventListener('abort', resolve));
  });
  await expect(all).rejects.toThrow('listing');
});

test('the signal stops what is under way', async () => {
  const controller = new AbortController();
  const limits = { slots: 2, weight: () => 1, signal: controller.signal };
  const all = sideBySide(numbers(10), limits, async (_, stop) => {
    await new Promise((resolve) => stop.addEventListener('abort', resolve));
  });
  await settled();
  controller.abort(new Error('enough'));
  await expect(all).rejects.toThrow('enough');
});
