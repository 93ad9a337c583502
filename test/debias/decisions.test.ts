import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decisionRows,
  everyNth,
  manyLabels,
  oneClass,
  outputsOfRows,
  problemsOf,
  sureOutputs,
} from '../../src/debias/decisions.ts';
import { margins, predictions } from '../../src/debias/margin.ts';

const probability = fc.float({ min: 0, max: 1, noNaN: true });
const labels = 3;
const many = manyLabels(labels);
const examples = fc
  .integer({ min: 0, max: 8 })
  .chain((n) => fc.array(probability, { minLength: n * labels, maxLength: n * labels }))
  .map((values) => Float32Array.from(values));

describe('with one class per example', () => {
  test('rows of decisions are the outputs themselves', () => {
    const outputs = Float32Array.of(0.2, 0.5, 0.3);
    expect(decisionRows(outputs, oneClass(3))).toBe(outputs);
    expect(outputsOfRows(outputs, oneClass(3))).toBe(outputs);
    expect(sureOutputs([2], oneClass(3))).toEqual(Float32Array.of(0, 0, 1));
  });
});

describe('with many labels', () => {
  test('a row per label is the distribution of its decision', () => {
    fc.assert(
      fc.property(examples, (outputs) => {
        const rows = decisionRows(outputs, many);
        const decided = predictions(rows, 2);
        const sure = margins(rows, 2);
        for (const [index, p] of outputs.entries()) {
          expect(decided[index]).toBe(p > 1 - p ? 1 : 0);
          expect(sure[index]).toBeCloseTo(Math.abs(2 * p - 1), 6);
        }
        expect(outputsOfRows(rows, many)).toEqual(outputs);
      }),
    );
  });

  test('each label is a problem of its own, with two classes', () => {
    fc.assert(
      fc.property(examples, examples, (teacherOutputs, other) => {
        const studentOutputs = teacherOutputs.map((value, index) => other[index] ?? value);
        const decided = Int32Array.from(teacherOutputs, (_, index) => index % 2);
        const problems = problemsOf({ teacherOutputs, studentOutputs, decided }, many);
        expect(problems).toHaveLength(labels);
        for (const [label, problem] of problems.entries()) {
          const own = everyNth(teacherOutputs, 1, label, labels);
          expect(problem.teacherProbabilities).toEqual(decisionRows(own, manyLabels(1)));
          expect(problem.labels).toEqual(everyNth(decided, 1, label, labels));
          expect(problem.classes).toBe(2);
        }
      }),
    );
  });

  test('a sure model gives 1 to the labels of the example', () => {
    expect(sureOutputs([0, 1, 1], many)).toEqual(Float32Array.of(0, 1, 1));
  });
});
