import { expect, test } from 'vitest';
import { tf } from '../../src/tensorflow.ts';
import { lossFeeds, mapInputs, weightedLoss } from '../../src/train/loss.ts';
import { type Loss, openLoss } from '../../src/train/losses/index.ts';
import { openPlainLoss } from '../../src/train/losses/plain.ts';

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
