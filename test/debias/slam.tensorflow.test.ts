import { describe, expect, test } from 'vitest';
import { slamMixing, topMask } from '../../src/debias/slam.ts';
import { tf } from '../../src/tensorflow.ts';
import { lossFeeds, mapInputs, weightedLoss } from '../../src/train/loss.ts';
import { openLoss } from '../../src/train/losses/index.ts';

const points = {
  teacherMargins: Float32Array.of(0.05, 0.1, 0.3, 0.4, 0.7, 0.9),
  studentMargins: new Float32Array(6),
  wrong: Uint8Array.of(1, 0, 1, 0, 0, 0),
  teacherLosses: new Float64Array(6),
  trueLosses: new Float64Array(6),
};

describe('α', () => {
  const { alpha, topK } = slamMixing(points, 2);

  test('is how likely the teacher is right, and at least a half', () => {
    expect(topK).toBe(2);
    for (const margin of [0, 0.1, 0.2, 0.3]) expect(alpha(margin)).toBeCloseTo(0.5, 6);
    for (const margin of [0.4, 0.9, 1]) expect(alpha(margin)).toBeCloseTo(1, 6);
  });

  test('is 1 for an example with a true label', () => {
    expect(alpha(Number.NaN)).toBe(1);
  });
});

test('the mask has the k most likely classes, of equal ones the first', () => {
  const probabilities = Float32Array.of(0.5, 0.3, 0.2, 0.4, 0.4, 0.2, 0, 0, 1);
  expect([...topMask(probabilities, 3, 1)]).toEqual([1, 0, 0, 1, 0, 0, 0, 0, 1]);
  expect([...topMask(probabilities, 3, 2)]).toEqual([1, 1, 0, 1, 1, 0, 1, 0, 1]);
  expect([...topMask(probabilities, 3, 9)]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1]);
});

/** The loss of one example whose student gives these probabilities. */
function lossOf(
  student: readonly number[],
  teacher: readonly number[],
  alpha: number,
  topK: number,
) {
  const loss = openLoss({ kind: 'slam', mixing: { alpha: () => alpha, topK } });
  const batch = {
    size: 1,
    rows: { n: 1, values: new Float32Array() },
    targets: Float32Array.from(teacher),
    teacherMargins: Float32Array.of(0.5),
    weights: Float32Array.of(1),
  };
  return tf.tidy(() => {
    const inputs = mapInputs(lossFeeds(loss, batch), ({ shape, values }) =>
      tf.tensor(values, [...shape]),
    );
    const logits = tf.tensor2d([student.map(Math.log)]);
    return weightedLoss(loss, logits, inputs).dataSync()[0]!;
  });
}

const crossEntropy = (targets: readonly number[], mixture: readonly number[]) =>
  -targets.reduce((sum, target, c) => sum + target * Math.log(mixture[c]!), 0);

test.each([
  { student: [0.7, 0.2, 0.1], alpha: 0.8, topK: 2, mixture: [0.62, 0.32, 0.08] },
  { student: [0.7, 0.2, 0.1], alpha: 0.8, topK: 3, mixture: [0.62, 0.32, 0.26] },
  { student: [0.9, 0.1], alpha: 0.75, topK: 2, mixture: [0.7, 0.3] },
])(
  '$student with α $alpha and k $topK is compared as $mixture',
  ({ student, alpha, topK, mixture }) => {
    const teacher = student.length === 3 ? [0.5, 0.3, 0.2] : [0.6, 0.4];
    expect(lossOf(student, teacher, alpha, topK)).toBeCloseTo(crossEntropy(teacher, mixture), 5);
  },
);

test('divided by k − 1, the mixture is that of another α, but for a factor', () => {
  // .8 f + .2 (1 − f) / 2 = .9 (8/9 f + 1/9 (1 − f)), which is (.59, .24, .17) for this student.
  const loss = lossOf([0.7, 0.2, 0.1], [0.5, 0.3, 0.2], 8 / 9, 3) - Math.log(0.9);
  expect(loss).toBeCloseTo(1.046343, 5);
});

test('with α 1 it is the plain cross-entropy, of a student that is sure of another class too', () => {
  for (const student of [
    [0.7, 0.2, 0.1],
    [1 - 2e-30, 1e-30, 1e-30],
  ]) {
    const teacher = [0.5, 0.3, 0.2];
    expect(lossOf(student, teacher, 1, 3)).toBeCloseTo(crossEntropy(teacher, student), 4);
  }
});
