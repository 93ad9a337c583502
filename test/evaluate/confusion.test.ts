import { describe, expect, test } from 'vitest';
import { manyLabels, oneClass } from '../../src/debias/decisions.ts';
import { createConfusionMeter } from '../../src/evaluate/confusion.ts';
import { confusionSentences } from '../../src/evaluate/describe-confusion.ts';
import { sampleConfusion, sampleMetrics } from '../support/sample-metrics.ts';

/** Adds examples of [class, class by the model]. */
function measured(classes: number, pairs: readonly (readonly [number, number])[]) {
  const meter = createConfusionMeter(['student'], oneClass(classes));
  for (const [truth, predicted] of pairs) {
    const outputs = new Float32Array(classes).fill(0.1);
    outputs[predicted] = 0.9;
    meter.add(truth, [outputs]);
  }
  return meter.result()?.student;
}

describe('the confusion of classes', () => {
  test('counts every pair, and lists the largest of different classes', () => {
    const pairs = [[0, 0], [0, 2], [2, 1], [2, 1], [1, 1]] as const; // biome-ignore format: pairs
    expect(measured(3, pairs)).toEqual({
      counts: [
        [1, 0, 1],
        [0, 1, 0],
        [0, 2, 0],
      ],
      largest: [
        { truth: 2, predicted: 1, examples: 2 },
        { truth: 0, predicted: 2, examples: 1 },
      ],
    });
  });

  test('counts the first of equal outputs, like the accuracy', () => {
    const meter = createConfusionMeter(['student'], oneClass(2));
    meter.add(1, [Float32Array.of(0.5, 0.5)]);
    expect(meter.result()!.student!.largest).toEqual([{ truth: 1, predicted: 0, examples: 1 }]);
  });

  test('lists only the 20 largest of many classes', () => {
    const pairs = Array.from({ length: 29 }, (_, i) =>
      Array.from({ length: i + 1 }, () => [i, 29] as const),
    );
    const { counts, largest } = measured(30, pairs.flat())!;
    expect(counts).toBeUndefined();
    expect(largest.map(({ truth }) => truth)).toEqual(Array.from({ length: 20 }, (_, i) => 28 - i));
  });

  test.each([
    ['a multi-label task', manyLabels(3)],
    ['too many classes to count', oneClass(2_049)],
  ])('is not counted with %s', (_, decisions) => {
    const meter = createConfusionMeter(['student'], decisions);
    meter.add(1, [new Float32Array(decisions.outputs)]);
    expect(meter.result()).toBeUndefined();
  });

  test('is described with the counts of the teacher', () => {
    const run = sampleMetrics({ confusion: sampleConfusion });
    expect(confusionSentences(run, 'weighted')).toEqual([
      '240 of the 1,402 test examples of class cat are taken for dog; by the teacher, 310.',
      '2 of the 1,400 test examples of class airplane are taken for bird; by the teacher, 0.',
    ]);
    expect(confusionSentences(run, 'weighted', 1)).toHaveLength(1);
    expect(confusionSentences(run, 'teacher')).toEqual([
      '310 of the 1,402 test examples of class cat are taken for dog.',
    ]);
    expect(confusionSentences(sampleMetrics(), 'weighted')).toEqual([]);
  });
});
