import { expect, test } from 'vitest';
import { isLevel, minSamples, type Sample, slopes } from './level.ts';

/** Samples of 40 runs. */
function samplesOf(change: (run: number) => Partial<Sample>): Sample[] {
  const level = { rssMiB: 300, heapMiB: 50, externalMiB: 5, tensors: 12 };
  return Array.from({ length: 40 }, (_, run) => ({ seconds: 10 * run, ...level, ...change(run) }));
}

test('memory that rises at first and then moves up and down is level', () => {
  const samples = samplesOf((run) => ({ rssMiB: 300 + Math.min(run, 15) + (run % 2) }));
  expect(isLevel(samples)).toBe(true);
});

test.each([
  ['resident memory that grows by 1 MiB per run', (run: number) => ({ rssMiB: 300 + run })],
  ['a heap that grows by 0.2 MiB per run', (run: number) => ({ heapMiB: 50 + run / 5 })],
  [
    'one tensor per 20 runs',
    (run: number) => ({ tensors: 12 + Math.floor(run / 20.5) + (run > 30 ? 1 : 0) }),
  ],
])('%s is not level', (_, change) => {
  expect(isLevel(samplesOf(change))).toBe(false);
});

test('few samples state nothing', () => {
  expect(isLevel(samplesOf(() => ({})).slice(0, minSamples - 1))).toBe(false);
});

test('the slope is that of the second half', () => {
  const [rss] = slopes(samplesOf((run) => ({ rssMiB: run < 20 ? 1000 : 100 + 2 * run })));
  expect(rss).toMatchObject({ name: 'rssMiB', perRun: 2 });
});
