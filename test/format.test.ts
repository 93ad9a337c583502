import { expect, test } from 'vitest';
import { bytes, count, counted, duration, fixed, percent } from '../src/format.ts';

test.each([
  [percent(0.8234), '82.3%'],
  [percent(-0.0001), '0.0%'],
  [percent(Number.NaN, 0), '–'],
  [fixed(-1.25, 1), '−1.3'],
  [count(1234567), '1,234,567'],
  [counted(1, 'class', 'classes'), '1 class'],
  [counted(0, 'class', 'classes'), '0 classes'],
  [bytes(0), '0 B'],
  [bytes(1023), '1,023 B'],
  [bytes(1536), '1.5 KiB'],
  [bytes(384_512), '376 KiB'],
  [bytes(3 * 2 ** 40), '3.0 TiB'],
  [duration(0.04), '0.0 s'],
  [duration(9.96), '10 s'],
  [duration(59.6), '1 min 0 s'],
  [duration(3599.7), '1 h 0 min'],
  [duration(3725), '1 h 2 min'],
])('%s is %s', (text, expected) => {
  expect(text).toBe(expected);
});
