import { expect, test } from 'vitest';
import * as debias from '../../src/debias/index.ts';

test('the entry point weighs examples from the outputs of teacher and student', () => {
  const classes = 2;
  const points = debias.validationPoints({
    teacherProbabilities: Float32Array.of(0.6, 0.4, 0.9, 0.1),
    studentProbabilities: Float32Array.of(0.3, 0.7, 0.8, 0.2),
    labels: Int32Array.of(1, 0),
    classes,
    targets: 'hard',
  });
  const estimator = debias.createWeightEstimator(points, {
    neighbors: 1,
    reading: 'ratioOfMeans',
    bounds: [0, 1],
  });
  const teacher = debias.margins(Float32Array.of(0.62, 0.38, 0.95, 0.05), classes);
  const student = debias.margins(Float32Array.of(0.31, 0.69, 0.85, 0.15), classes);
  const weights = new Float32Array(2);
  estimator.estimate(teacher, student, { weights });
  // Near the first point the teacher is wrong: w = ln 0.7 / ln 0.3. Near the second it is right.
  expect(weights[0]).toBeCloseTo(Math.log(0.7) / Math.log(0.3), 6);
  expect(weights[1]).toBe(1);
});

test('the entry point has the functions of the methods', () => {
  const points = { teacherMargins: Float32Array.of(0, 1), wrong: Uint8Array.of(1, 0) };
  expect(debias.fitProbabilityRight(points)(0.5)).toBe(0.5);
  expect(debias.slamMixing(points, 3).alpha(0.9)).toBeCloseTo(0.95, 6);
  expect(debias.entropyWeight(Float32Array.of(0.5, 0.5))).toBe(0);
  expect([...debias.topMask(Float32Array.of(0.2, 0.5, 0.3), 3, 2)]).toEqual([0, 1, 1]);
  expect([...debias.predictions(Float32Array.of(0.75, 0.25, 0.5, 0.5), 2)]).toEqual([0, 0]);
  expect(debias.defaultNeighbors(300)).toBe(17);
  const split = { subclasses: 2, directions: [[1], [-1], [1], [-1]], offsets: [0, 0, 0, 0] };
  const targets = debias.subclassTargets(split, Float32Array.of(0), Float32Array.of(1, 0));
  expect([...targets]).toEqual([0.5, 0.5, 0, 0]);
});
