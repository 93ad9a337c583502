import { describe, expect, test } from 'vitest';
import type { ValidationOutputs } from '../../src/debias/validation.ts';
import { diagnose, diagnoseMeanWeight } from '../../src/debias/warnings.ts';

const classes = 3;

/** Row i predicts class predicted[i], with a margin that grows with i unless `margin` is given. */
function rowsFor(predicted: readonly number[], margin?: number): Float32Array {
  const rows = new Float32Array(predicted.length * classes);
  predicted.forEach((best, i) => {
    const top = (1 + 2 * (margin ?? 0.2 + (0.7 * i) / predicted.length)) / classes;
    for (let c = 0; c < classes; c++) rows[i * classes + c] = c === best ? top : (1 - top) / 2;
  });
  return rows;
}

/** n labels 0, 1, 2, 0, …; the first `mistakes` predictions are the next class. */
function labelsOf(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i % classes);
}
function withMistakes(labels: readonly number[], mistakes: number): number[] {
  return labels.map((label, i) => (i < mistakes ? (label + 1) % classes : label));
}

/** Nothing to warn of, except for what is changed. */
function setOf(changes: {
  labels?: number[];
  teacher?: number[];
  student?: number[];
  teacherMargin?: number;
}): ValidationOutputs {
  const labels = changes.labels ?? labelsOf(60);
  return {
    teacherProbabilities: rowsFor(
      changes.teacher ?? withMistakes(labels, 12),
      changes.teacherMargin,
    ),
    studentProbabilities: rowsFor(changes.student ?? withMistakes(labels, 20)),
    labels: Int32Array.from(labels),
    classes,
  };
}

const codes = (set: ValidationOutputs, neighbors?: number) =>
  diagnose(set, neighbors).map(({ code }) => code);

describe('diagnose', () => {
  const labels = labelsOf(60);
  const zeros = labels.map(() => 0);

  test('does not warn of a normal teacher and student', () => {
    expect(diagnose(setOf({}))).toEqual([]);
  });

  test.each<{ what: string; set: ValidationOutputs; neighbors?: number; expected: string[] }>([
    {
      what: 'no examples',
      set: setOf({ labels: [] }),
      expected: ['validation-empty'],
    },
    {
      what: 'examples of one class',
      set: setOf({ labels: zeros }),
      expected: ['validation-one-class'],
    },
    {
      what: 'few examples',
      set: setOf({ labels: labelsOf(49) }),
      expected: ['validation-small'],
    },
    {
      what: 'k = 61 of 60 examples',
      set: setOf({}),
      neighbors: 61,
      expected: ['neighbors-exceed-validation'],
    },
    {
      what: 'a perfect teacher',
      set: setOf({ teacher: labels }),
      expected: ['teacher-no-mistakes'],
    },
    {
      what: 'a teacher that is always wrong',
      set: setOf({ teacher: withMistakes(labels, 60) }),
      expected: ['teacher-all-wrong'],
    },
    {
      what: 'a teacher with 4 mistakes',
      set: setOf({ teacher: withMistakes(labels, 4) }),
      expected: ['teacher-few-mistakes'],
    },
    {
      what: 'a teacher of one class',
      set: setOf({ teacher: zeros }),
      expected: ['teacher-collapsed'],
    },
    {
      what: 'a teacher that gives only its most likely class',
      set: setOf({ teacherMargin: 1 }),
      expected: ['teacher-margins-equal'],
    },
    {
      what: 'a student of one class',
      set: setOf({ student: zeros }),
      expected: ['student-collapsed'],
    },
    {
      what: 'a student at chance',
      set: setOf({ student: withMistakes(labels, 40) }),
      expected: ['student-no-better-than-chance'],
    },
    {
      what: 'a student just above chance',
      set: setOf({ student: withMistakes(labels, 39) }),
      expected: [],
    },
    {
      what: 'several at once',
      set: setOf({ labels: labelsOf(9), teacher: labelsOf(9), student: Array(9).fill(2) }),
      neighbors: 10,
      expected: [
        'validation-small',
        'neighbors-exceed-validation',
        'teacher-no-mistakes',
        'student-collapsed',
      ],
    },
  ])('$what: $expected', ({ set, neighbors, expected }) => {
    expect(codes(set, neighbors)).toEqual(expected);
  });

  test('has the figures, and a remedy', () => {
    expect(diagnose(setOf({ teacher: withMistakes(labels, 4) }))[0]).toEqual({
      code: 'teacher-few-mistakes',
      message:
        'The teacher is wrong on 4 of 60 validation examples; below 5 the distortion is mostly noise.',
      hint: 'Label more examples for validation/.',
    });
  });
});

test.each([
  [0.099, 'hardly count'],
  [330, 'drown the labeled ones'],
  [NaN, 'NaN'],
])('a mean weight of %d is unusual', (meanWeight, part) => {
  expect(diagnoseMeanWeight(meanWeight)?.message).toContain(part);
});

test.each([0.1, 0.8, 1, 2])('a mean weight of %d is not', (meanWeight) => {
  expect(diagnoseMeanWeight(meanWeight)).toBeUndefined();
});
