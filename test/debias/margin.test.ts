import { describe, expect, test } from 'vitest';
import { margins, predictions } from '../../src/debias/margin.ts';
import { golden } from '../golden/golden.ts';

describe('margins and predictions', () => {
  test('are those of numpy', () => {
    const { teacher, classes, teacherMargins, teacherPredictions } = golden.weights();
    const probabilities = Float32Array.from(teacher);
    expect(Array.from(margins(probabilities, classes))).toEqual(teacherMargins);
    expect(Array.from(predictions(probabilities, classes))).toEqual(teacherPredictions);
  });

  test('of ties: margin 0, lowest class', () => {
    const probabilities = Float32Array.of(0.2, 0.4, 0.4, 0.5, 0.5, 0);
    expect(Array.from(margins(probabilities, 3))).toEqual([0, 0]);
    expect(Array.from(predictions(probabilities, 3))).toEqual([1, 0]);
  });

  test('of a row without an answer: NaN and −1', () => {
    const probabilities = Float32Array.of(NaN, NaN, 1, 0);
    expect(Array.from(margins(probabilities, 2))).toEqual([NaN, 1]);
    expect(Array.from(predictions(probabilities, 2))).toEqual([-1, 0]);
  });

  test('refuse one class, and rows that do not come out even', () => {
    expect(() => margins(Float32Array.of(1), 1)).toThrow('at least 2 classes');
    expect(() => margins(new Float32Array(5), 2)).toThrow('rows of 2 classes, got 5');
    expect(() => predictions(new Float32Array(5), 2)).toThrow('rows of 2 classes, got 5');
  });
});
