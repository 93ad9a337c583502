import { expect, test } from 'vitest';
import { product } from '../../src/arrays.ts';
import { tf } from '../../src/tensorflow.ts';
import { lossFeeds, lossShapes, mapInputs, weightedLoss } from '../../src/train/loss.ts';
import { type Loss, openLoss } from '../../src/train/losses/index.ts';

test('mse is how far the student is from how likely the classes are, and a constant', () => {
  // The truth is the first class in 7 of 10 cases, and the student predicts 6 of 10.
  const loss = tf.tidy(() => {
    const inputs = {
      targets: tf.tensor2d([1, 0, 0, 1], [2, 2]),
      shares: tf.tensor1d([0.7, 0.3]),
      own: {},
    };
    const logits = tf.tensor2d([0.6, 0.4, 0.6, 0.4], [2, 2]).log();
    return weightedLoss(openLoss({ kind: 'mse' }), logits, inputs).dataSync()[0]!;
  });
  const distance = 0.1 ** 2 + 0.1 ** 2;
  const constant = 0.7 * 0.3 + 0.3 * 0.7;
  expect(loss).toBeCloseTo(0.44, 6);
  expect(loss).toBeCloseTo(distance + constant, 6);
});

test.each<Loss>([
  { kind: 'crossEntropy' },
  { kind: 'binaryCrossEntropy' },
  { kind: 'mse' },
  { kind: 'slam', mixing: { alpha: (margin) => (1 + margin) / 2, topK: 2 } },
  { kind: 'mcmi', classMeans: new Float32Array(9).fill(1 / 3), strength: 0.1 },
])('$kind: every input has the shape that its placeholder gets', (description) => {
  const loss = openLoss(description);
  const batch = {
    ...{ size: 2, rows: { n: 2, values: new Float32Array() } },
    targets: Float32Array.of(1, 0, 0, 0, 1, 0),
    teacherMargins: Float32Array.of(0.5, 1),
    weights: new Float32Array(loss.activation === 'sigmoid' ? 6 : 2).fill(0.5),
  };
  const shapes = lossShapes(loss, 2, 3);
  const feeds = lossFeeds(loss, batch);
  expect(mapInputs(feeds, ({ shape }) => shape)).toEqual(shapes);
  mapInputs(feeds, ({ shape, values }, name) => {
    expect(values.length, name).toBe(product(shape));
  });
  expect(Object.keys(feeds.own)).toEqual(Object.keys(loss.inputs));
  const total = tf.tidy(() => {
    const inputs = mapInputs(feeds, ({ shape, values }) => tf.tensor(values, [...shape]));
    return weightedLoss(loss, tf.zeros([2, 3]), inputs).dataSync()[0]!;
  });
  expect(total).toBeGreaterThan(0);
});
