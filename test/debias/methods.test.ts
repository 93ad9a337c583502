import { expect, test } from 'vitest';
import { methodNames, methods } from '../../src/debias/methods.ts';

const points = {
  teacherMargins: Float32Array.of(0.1, 0.9),
  studentMargins: Float32Array.of(0.1, 0.9),
  wrong: Uint8Array.of(1, 0),
  teacherLosses: Float64Array.of(2, 0.1),
  trueLosses: Float64Array.of(0.5, 0.1),
};
const options = { neighbors: 1, reading: 'D', bounds: [0, 1] } as const;

test('weighted gives the debiasing weights, and 1 to an example with a true label', () => {
  const weights = new Float32Array(3);
  const weight = methods.weighted.weightFunction(points, options);
  weight?.(Float32Array.of(0.2, 0.8, NaN), Float32Array.of(0.2, 0.8, 0.2), weights);
  expect(Array.from(weights)).toEqual([0.25, 1, 1]);
});

test('uniform does not weight', () => {
  expect(methods.uniform.weightFunction(points, options)).toBeUndefined();
});

test('every method is found under its own name', () => {
  for (const name of methodNames) expect(methods[name].name).toBe(name);
});
