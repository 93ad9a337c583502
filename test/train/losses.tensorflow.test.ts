import { expect, test } from 'vitest';
import { decisionRows, manyLabels } from '../../src/debias/decisions.ts';
import { tf } from '../../src/tensorflow.ts';
import { lossFeeds, mapInputs, probabilitiesOf, weightedLoss } from '../../src/train/loss.ts';
import { type Loss, openLoss } from '../../src/train/losses/index.ts';
import { isPerLabel, openPlainLoss } from '../../src/train/losses/plain.ts';
import { goldenBinaryLoss as golden } from '../golden/binary-loss.ts';

const logits = [
  [1, -2, 0.5],
  [0, 3, -1],
  [-40, 0, 40],
];
const targets = [
  [0.7, 0.2, 0.1],
  [0, 1, 0],
  [1, 0, 0],
];

test.each<Loss>([
  { kind: 'crossEntropy' },
  { kind: 'mse' },
  { kind: 'slam', mixing: { alpha: (margin) => (1 + margin) / 2, topK: 2 } },
  {
    kind: 'mcmi',
    classMeans: Float32Array.of(0.6, 0.2, 0.2, 0, 1, 0, 0.1, 0.2, 0.7),
    strength: 0.1,
  },
])('$kind is the same in JavaScript as in TensorFlow', (description) => {
  for (const [row, target] of targets.entries()) {
    const margin = [0.3, 1, 0.8][row]!;
    const batch = {
      ...{ size: 1, rows: { n: 1, values: new Float32Array() } },
      targets: Float32Array.from(target),
      ...{ teacherMargins: Float32Array.of(margin), weights: Float32Array.of(1) },
    };
    const loss = openLoss(description);
    const input = tf.tensor2d([logits[row]!]);
    const { value, grad } = tf.valueAndGrad((x) => {
      const inputs = mapInputs(lossFeeds(loss, batch), ({ shape, values }) =>
        tf.tensor(values, [...shape]),
      );
      return weightedLoss(loss, x, inputs);
    })(input);
    const logs = Float64Array.from(tf.logSoftmax(input).dataSync());
    const gradient = new Float64Array(3);
    const example = { target: batch.targets, teacherMargin: margin, logs };
    const found = openPlainLoss(description)(
      { ...example, probabilities: logs.map(Math.exp) },
      gradient,
    );
    expect(found).toBeCloseTo(value.dataSync()[0]!, 4);
    for (const [c, expected] of grad.dataSync().entries()) {
      expect(gradient[c], `${row}, ${c}`).toBeCloseTo(expected, 4);
    }
  }
});

/** The batch of the golden file. */
function goldenLabels() {
  const flat = (rows: readonly number[][]) => Float32Array.from(rows.flat());
  return {
    ...{ size: golden.size, rows: { n: golden.size, values: new Float32Array() } },
    targets: flat(golden.targets),
    weights: flat(golden.weights),
    teacherMargins: flat(golden.weights),
  };
}

test("the weighted binary cross-entropy, its gradients and the probabilities are PyTorch's", () => {
  const loss = openLoss({ kind: 'binaryCrossEntropy' });
  const feeds = lossFeeds(loss, goldenLabels());
  const logits = tf.tensor2d(golden.logits);
  const { value, grad } = tf.valueAndGrad((x) => {
    const inputs = mapInputs(feeds, ({ shape, values }) => tf.tensor(values, [...shape]));
    return weightedLoss(loss, x, inputs);
  })(logits);
  expect(value.dataSync()[0]).toBeCloseTo(golden.loss, 5);
  const found = [...grad.dataSync()];
  for (const [at, expected] of golden.gradients.flat().entries()) {
    expect(found[at]).toBeCloseTo(expected, 6);
  }
  const probabilities = [...probabilitiesOf(loss, logits).dataSync()];
  for (const [at, expected] of golden.probabilities.flat().entries()) {
    expect(probabilities[at]).toBeCloseTo(expected, 6);
  }
});

test('binary cross-entropy is the same in JavaScript', () => {
  expect(isPerLabel({ kind: 'binaryCrossEntropy' })).toBe(true);
  const loss = openPlainLoss({ kind: 'binaryCrossEntropy' });
  const { targets, weights } = goldenLabels();
  const rows = decisionRows(targets, manyLabels(targets.length));
  let sum = 0;
  for (const [at, logit] of golden.logits.flat().entries()) {
    const no = -Math.max(logit, 0) - Math.log1p(Math.exp(-Math.abs(logit)));
    const logs = Float64Array.of(no, no + logit);
    const gradient = new Float64Array(2);
    const target = rows.subarray(2 * at, 2 * at + 2);
    const example = { target, teacherMargin: 1, logs, probabilities: logs.map(Math.exp) };
    sum += (weights[at]! * loss(example, gradient)) / targets.length;
    const share = weights[at]! / targets.length;
    expect(share * gradient[1]!).toBeCloseTo(golden.gradients.flat()[at]!, 7);
  }
  expect(sum).toBeCloseTo(golden.loss, 5);
});
