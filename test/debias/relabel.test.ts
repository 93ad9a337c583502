import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compare, isBetter } from '../../src/debias/relabel.ts';

test('counts who is right, and where one of them alone is', () => {
  const truth = [0, 1, 2, 3, 4, 5];
  const teacher = [0, 1, 2, 0, 0, 0];
  const student = [0, 0, 2, 3, 4, 1];
  expect(compare(teacher, student, truth)).toEqual({
    ...{ examples: 6, teacherRight: 3, studentRight: 4 },
    ...{ gained: 2, lost: 1 },
  });
});

test('a student is better when it gains more than the square root of the disagreements', () => {
  const of = (gained: number, lost: number) => ({
    ...{ examples: 100, teacherRight: 50, studentRight: 50 + gained - lost },
    ...{ gained, lost },
  });
  expect(isBetter(of(6, 2))).toBe(true); // 4 > √8
  expect(isBetter(of(80, 84))).toBe(false);
  expect(isBetter(of(3, 1))).toBe(false); // 2 = √4
  expect(isBetter(of(0, 0))).toBe(false);
  expect(isBetter(of(2, 0))).toBe(true);
});

const classes = fc.integer({ min: 0, max: 3 });

test('never both are better, and none is better than itself', () => {
  const triples = fc.array(fc.tuple(classes, classes, classes), { maxLength: 60 });
  fc.assert(
    fc.property(triples, (rows) => {
      const [a, b, truth] = [0, 1, 2].map((of) => rows.map((row) => row[of]!)) as [
        number[],
        number[],
        number[],
      ];
      expect(isBetter(compare(a, a, truth))).toBe(false);
      expect(isBetter(compare(a, b, truth)) && isBetter(compare(b, a, truth))).toBe(false);
    }),
  );
});

test('what is not of one length is refused', () => {
  expect(() => compare([1], [1, 2], [1, 2])).toThrow(RangeError);
});
