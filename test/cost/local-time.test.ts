import { describe, expect, test } from 'vitest';
import { localSeconds } from '../../src/cost/local-time.ts';
import { measured } from '../../src/cost/rates.ts';
import { networkSize } from '../support/networks.ts';
import { type PaperRun, runWork } from './run-work.ts';

const cifar: PaperRun = {
  ...{ unlabeled: 37_000, labeled: 2000, test: 10_000, classes: 10 },
  ...{ exampleBytes: 2000, format: 'webdataset', shardMiB: 16 },
  features: {
    ...{ kind: 'image', height: 32, width: 32, channels: 3, resize: 'antialias' },
    ...{ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  },
  teacherMb: 1,
  student: { architecture: 'resnet', depth: 20, epochs: 30 },
  ...{ trainer: 'function', variants: 1 },
};
const seconds = (changes: Partial<PaperRun>, cores = 2) =>
  localSeconds(runWork({ ...cifar, ...changes }), cores);

describe('the time on one machine', () => {
  test('of a long training is its arithmetic, shared by the cores', () => {
    const { macs } = networkSize(runWork(cifar).config.student, [32, 32, 3], 10);
    // A student, and the two of `relabel` on a sample, learn all labels and pseudo-labels.
    const trainings = runWork(cifar).trainings.reduce((all, one) => all + one, 0);
    const arithmetic = (trainings * 39_000 * 30 * 6 * macs) / measured.trainingFlops / 2;
    expect(seconds({})).toBeGreaterThan(arithmetic);
    expect(seconds({})).toBeLessThan(1.6 * arithmetic);
  });

  test('halves with twice the cores, but for the start', () => {
    const start = measured.loadSeconds;
    expect(seconds({}, 4) - start).toBeCloseTo((seconds({}, 2) - start) / 2, 6);
  });

  test('is that of the processors, also if the deployment trains on a GPU', () => {
    expect(seconds({ trainer: 'gpu' })).toBe(seconds({}));
  });
});
