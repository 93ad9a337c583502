import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWeightPlane, errorEstimates } from '../../src/evaluate/weight-plane.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const decision = fc.record({
  teacherMargin: share,
  studentMargin: share,
  weight: share,
  errorProbability: share,
});

function planeOf(decisions: readonly Parameters<ReturnType<typeof createWeightPlane>['add']>[0][]) {
  const meter = createWeightPlane();
  for (const one of decisions) meter.add(one);
  return meter.result();
}

test('a cell has the means of its decisions; a margin of 1 is in the last cell', () => {
  const own = { teacherMargin: 0.25, studentMargin: 1 };
  const plane = planeOf([
    { ...own, weight: 0.5, errorProbability: 0.2 },
    { ...own, studentMargin: 0.9, weight: 0.25, errorProbability: 0.4 },
    { ...own, studentMargin: 0, weight: 1, errorProbability: 0 },
  ]);
  expect(plane).toEqual([
    { teacher: 0.2, student: 0, decisions: 1, weight: 1, errorProbability: 0 },
    {
      teacher: 0.2,
      student: 0.9,
      decisions: 2,
      weight: 0.375,
      errorProbability: expect.closeTo(0.3),
    },
  ]);
  expect(errorEstimates(plane)).toEqual([[0.25, expect.closeTo(0.2)]]);
});

test('no decision is lost, and no mean leaves the range', () => {
  fc.assert(
    fc.property(fc.array(decision), (decisions) => {
      const plane = planeOf(decisions);
      expect(plane.reduce((sum, cell) => sum + cell.decisions, 0)).toBe(decisions.length);
      for (const [, estimate] of errorEstimates(plane)) {
        expect(estimate).toBeGreaterThanOrEqual(0);
        expect(estimate).toBeLessThanOrEqual(1 + 1e-9);
      }
    }),
  );
});
