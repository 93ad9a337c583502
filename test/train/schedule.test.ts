import { expect, test } from 'vitest';
import { learningRateAt } from '../../src/train/schedule.ts';
import { goldenFineTuning } from '../golden/fine-tuning.ts';

const cosine = { learningRate: 0.4, schedule: 'cosine' } as const;

test('cosine starts at the full rate, is at half of it half way, and ends at 0', () => {
  expect(learningRateAt(0, 10, cosine)).toBe(0.4);
  expect(learningRateAt(5, 10, cosine)).toBeCloseTo(0.2, 12);
  expect(learningRateAt(10, 10, cosine)).toBe(0);
});

test('cosine only falls', () => {
  const rates = Array.from({ length: 101 }, (_, step) => learningRateAt(step, 100, cosine));
  expect(rates).toEqual(rates.toSorted((a, b) => b - a));
});

test('constant stays', () => {
  for (const step of [0, 3, 10]) {
    expect(learningRateAt(step, 10, { learningRate: 0.4, schedule: 'constant' })).toBe(0.4);
  }
});

test.each(['cosine', 'constant'] as const)('after a warm-up, %s is that of PyTorch', (schedule) => {
  const { steps, warmup, learningRate, rates } = goldenFineTuning;
  const settings = { learningRate, schedule, learningRateWarmup: warmup };
  for (const [step, rate] of rates[schedule].entries()) {
    expect(learningRateAt(step, steps, settings)).toBeCloseTo(rate, 10);
  }
});
