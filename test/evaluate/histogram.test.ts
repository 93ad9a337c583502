import { expect, test } from 'vitest';
import { createHistogram } from '../../src/evaluate/histogram.ts';

test('counts values over several calls; the ends take what is beyond them', () => {
  const histogram = createHistogram(0, 1, 4);
  histogram.add(Float32Array.of(0, 0.25, 0.3, 1));
  histogram.add(Float32Array.of(-1, 330, 0.99));
  expect(histogram.result()).toEqual([
    { low: 0, high: 0.25, count: 2 },
    { low: 0.25, high: 0.5, count: 2 },
    { low: 0.5, high: 0.75, count: 0 },
    { low: 0.75, high: 1, count: 3 },
  ]);
});

test('refuses NaN and an interval of no width', () => {
  expect(() => createHistogram(0, 1, 4).add(Float32Array.of(NaN))).toThrow('got NaN');
  expect(() => createHistogram(1, 1, 4)).toThrow('expected an interval, got 1 to 1');
});
