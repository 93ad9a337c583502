import { expect, test } from 'vitest';
import { tf } from '../../src/tensorflow.ts';
import { weightedLoss } from '../../src/train/loss.ts';

test('mse is how far the student is from how likely the classes are, and a constant', () => {
  // The truth is the first class in 7 of 10 cases, and the student says 6 of 10.
  const loss = tf.tidy(() => {
    const inputs = {
      targets: tf.tensor2d([1, 0, 0, 1], [2, 2]),
      shares: tf.tensor1d([0.7, 0.3]),
    };
    const logits = tf.tensor2d([0.6, 0.4, 0.6, 0.4], [2, 2]).log();
    return weightedLoss({ kind: 'mse' }, logits, inputs).dataSync()[0]!;
  });
  const distance = 0.1 ** 2 + 0.1 ** 2;
  const constant = 0.7 * 0.3 + 0.3 * 0.7;
  expect(loss).toBeCloseTo(0.44, 6);
  expect(loss).toBeCloseTo(distance + constant, 6);
});
