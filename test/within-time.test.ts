import { expect, test, vi } from 'vitest';
import { withinTime } from '../src/within-time.ts';

test('returns and throws what the function does', () => {
  expect(withinTime(60_000, () => 7)).toBe(7);
  expect(() =>
    withinTime(60_000, () => {
      throw new RangeError('own');
    }),
  ).toThrow(new RangeError('own'));
});

test('ends a function that does not return', () => {
  const endless = () => {
    for (;;);
  };
  expect(() => withinTime(20, endless)).toThrow('it takes more than 0.02 s');
  expect(withinTime(60_000, () => 'next')).toBe('next');
  // Each further character doubles the time.
  const endlessly = () => /^(a+)+$/.test(`${'a'.repeat(60)}!`);
  expect(() => withinTime(20, endlessly)).toThrow('it takes more than 0.02 s');
});

test('does not count the time of a pause: the function is called again', () => {
  const [idle, busy] = [0, 15].map((ms) => ({ user: ms * 1000, system: 0 }));
  vi.spyOn(process, 'cpuUsage').mockReturnValue(idle!);
  let calls = 0;
  const paused = () => {
    if (++calls === 1) for (;;);
    return 'read';
  };
  expect(withinTime(20, paused)).toBe('read');
  expect(calls).toBe(2);
  // An endless function ends all the same, as soon as it has had its time.
  const usage = vi.spyOn(process, 'cpuUsage').mockReturnValue(busy!);
  for (let call = 1; call <= 3; call++) usage.mockReturnValueOnce(idle!);
  const endless = () => {
    calls++;
    for (;;);
  };
  expect(() => withinTime(20, endless)).toThrow('it takes more than 0.02 s');
  expect(calls).toBe(4);
});
