import { describe, expect, test } from 'vitest';
import { validationPoints } from '../../src/debias/validation.ts';
import { goldenFineTuning } from '../golden/fine-tuning.ts';
import { golden } from '../golden/golden.ts';

describe('validationPoints', () => {
  test.each(['hard', 'soft'] as const)('with %s targets are those of numpy', (targets) => {
    const expected = golden.weights();
    const points = validationPoints({
      teacherProbabilities: Float32Array.from(expected.teacher),
      studentProbabilities: Float32Array.from(expected.student),
      labels: Int32Array.from(expected.labels),
      classes: expected.classes,
      targets,
    });
    expect(Array.from(points.teacherMargins)).toEqual(expected.teacherMargins);
    expect(Array.from(points.studentMargins)).toEqual(expected.studentMargins);
    expect(Array.from(points.wrong)).toEqual(expected.wrong);
    points.trueLosses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(expected.trueLosses[i]!, 12);
      expect(points.teacherLosses[i]).toBeCloseTo(expected.cases[targets].teacherLosses[i]!, 12);
    });
  });

  test.each(['hard', 'soft'] as const)(
    'with smoothed %s targets are those of PyTorch',
    (targets) => {
      const { classes, smoothing, probabilities, soft, labels, losses } = goldenFineTuning;
      const points = validationPoints({
        teacherProbabilities: Float32Array.from(soft),
        studentProbabilities: Float32Array.from(probabilities),
        labels: Int32Array.from(labels),
        ...{ classes, targets, smoothing },
      });
      for (const [i, loss] of losses[targets].entries()) {
        expect(points.teacherLosses[i]).toBeCloseTo(loss, 6);
        expect(points.trueLosses[i]).toBeCloseTo(losses.true[i]!, 6);
      }
    },
  );

  const set = {
    teacherProbabilities: Float32Array.of(1, 0, 0, 1),
    studentProbabilities: Float32Array.of(1, 0, 1, 0),
    labels: Int32Array.of(0, 0),
    classes: 2,
    targets: 'hard' as const,
  };

  test('bound a loss where the student gives probability 0', () => {
    const points = validationPoints(set);
    expect(Array.from(points.wrong)).toEqual([0, 1]);
    expect(Array.from(points.trueLosses)).toEqual([-0, -0]);
    expect(points.teacherLosses[1]).toBeCloseTo(-Math.log(1e-7), 12);
  });

  test('refuse NaN, unknown labels and sizes that disagree', () => {
    const bad = Float32Array.of(1, 0, NaN, 0);
    expect(() => validationPoints({ ...set, teacherProbabilities: bad })).toThrow(
      "the teacher's outputs on the validation set contain NaN",
    );
    expect(() => validationPoints({ ...set, studentProbabilities: bad })).toThrow(
      "the student's outputs on the validation set contain NaN",
    );
    expect(() => validationPoints({ ...set, labels: Int32Array.of(0, 2) })).toThrow(
      'expected labels from 0 to 1, got 2',
    );
    expect(() => validationPoints({ ...set, labels: Int32Array.of(0) })).toThrow(
      'expected 1 × 2 teacher probabilities, got 4',
    );
  });
});
