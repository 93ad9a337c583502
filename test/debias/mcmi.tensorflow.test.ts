import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClassMeans } from '../../src/debias/mcmi.ts';
import { tf } from '../../src/tensorflow.ts';
import { weightedLoss } from '../../src/train/loss.ts';
import { type Loss, openLoss } from '../../src/train/losses/index.ts';

test('answers (.8, .2) and (.6, .4) of one class differ from their mean by .02416 nats', () => {
  const answers = Float32Array.of(0.8, 0.2, 0.6, 0.4);
  const means = new ClassMeans(2);
  means.add(answers, [0, 0]);
  const classMeans = means.result();
  expect(Array.from(classMeans)).toEqual([
    ...[expect.closeTo(0.7, 6), expect.closeTo(0.3, 6)],
    ...[0, 0],
  ]);
  const lossOf = (kind: 'crossEntropy' | 'mcmi') =>
    tf.tidy(() => {
      const logMeans = tf.tensor2d([0.7, 0.3, 0.7, 0.3], [2, 2]).log();
      const inputs = {
        targets: tf.tensor2d([1, 0, 1, 0], [2, 2]),
        shares: tf.tensor1d([0.5, 0.5]),
        own: { logMeans },
      };
      const loss: Loss = kind === 'mcmi' ? { kind, classMeans, strength: 1 } : { kind };
      return weightedLoss(
        openLoss(loss),
        tf.tensor2d(answers, [2, 2]).log(),
        inputs,
      ).dataSync()[0]!;
    });
  expect(lossOf('crossEntropy') - lossOf('mcmi')).toBeCloseTo(0.02416, 5);
});

test('means are probabilities, whatever the order and the batches', () => {
  const row = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 2 }));
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
      const of = (order: typeof rows, size: number) => {
        const means = new ClassMeans(3);
        for (let from = 0; from < order.length; from += size) {
          const batch = order.slice(from, from + size);
          // Eighths are exact, so sums in any order are the same.
          const answers = batch.flatMap(([eighths]) => [eighths / 8, 1 - eighths / 8, 0]);
          means.add(
            Float32Array.from(answers),
            batch.map(([, label]) => label),
          );
        }
        return means.result();
      };
      const whole = of(rows, rows.length);
      expect(of([...rows].reverse(), 4)).toEqual(whole);
      for (let label = 0; label < 3; label++) {
        const sum = whole.subarray(label * 3, label * 3 + 3).reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(rows.some(([, of]) => of === label) ? 1 : 0, 6);
      }
    }),
  );
});
