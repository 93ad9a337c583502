import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compare, isAccepted } from '../../src/debias/relabel.ts';

test('counts who is right, and where one of them alone is', () => {
  const truth = [0, 1, 2, 3, 4, 5];
  const teacher = [0, 1, 2, 0, 0, 0];
  const student = [0, 0, 2, 3, 4, 1];
  expect(compare(teacher, student, truth)).toEqual({
    ...{ examples: 6, teacherRight: 3, studentRight: 4 },
    ...{ gained: 2, lost: 1 },
  });
});

const of = (gained: number, lost: number) => ({
  ...{ examples: 100, teacherRight: 50, studentRight: 50 + gained - lost },
  ...{ gained, lost },
});

test('in the first round a student has to win three of five disagreements', () => {
  expect(isAccepted(of(6, 4), 1)).toBe(true);
  expect(isAccepted(of(6, 5), 1)).toBe(false);
  expect(isAccepted(of(96, 84), 1)).toBe(false);
  expect(isAccepted(of(120, 80), 1)).toBe(true);
  expect(isAccepted(of(1, 0), 1)).toBe(true);
  expect(isAccepted(of(0, 0), 1)).toBe(false);
});

test('after that it may not lose more than it gains', () => {
  expect(isAccepted(of(5, 3), 2)).toBe(true);
  expect(isAccepted(of(3, 3), 2)).toBe(true);
  expect(isAccepted(of(3, 4), 3)).toBe(false);
});

const classes = fc.integer({ min: 0, max: 3 });

test('never are both better than the other, and none is better than itself', () => {
  const triples = fc.array(fc.tuple(classes, classes, classes), { maxLength: 60 });
  fc.assert(
    fc.property(triples, (rows) => {
      const a = rows.map(([value]) => value);
      const b = rows.map(([, value]) => value);
      const truth = rows.map(([, , value]) => value);
      const isBetter = (one: number[], other: number[]) =>
        isAccepted(compare(other, one, truth), 1);
      expect(isBetter(a, a)).toBe(false);
      expect(isBetter(a, b) && isBetter(b, a)).toBe(false);
    }),
  );
});

test('what is not of one length is refused', () => {
  expect(() => compare([1], [1, 2], [1, 2])).toThrow(RangeError);
});
