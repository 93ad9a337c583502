import { expect, test } from 'vitest';
import { manyLabels, oneClass } from '../../src/debias/decisions.ts';
import { createReliabilityMeter } from '../../src/evaluate/reliability.ts';

const floats = (...values: number[]) => Float32Array.of(...values);

test('counts right answers by confidence, per model', () => {
  const meter = createReliabilityMeter(['teacher', 'student'], oneClass(2));
  meter.add([0], [floats(0.96, 0.04), floats(0.75, 0.25)]);
  meter.add([1], [floats(0.92, 0.08), floats(0.5, 0.5)]);
  expect(meter.result()).toEqual({
    teacher: [{ confidence: expect.closeTo(0.94, 6), decisions: 2, right: 1 }],
    student: [
      { confidence: 0.5, decisions: 1, right: 0 },
      { confidence: 0.75, decisions: 1, right: 1 },
    ],
  });
});

test('counts each decision about a label', () => {
  const meter = createReliabilityMeter(['student'], manyLabels(2));
  meter.add([1, 1], [floats(1, 0)]);
  expect(meter.result().student).toEqual([{ confidence: 1, decisions: 2, right: 1 }]);
});
