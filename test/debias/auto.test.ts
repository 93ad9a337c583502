import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseBest } from '../../src/debias/auto.ts';

const repeat = (times: number, ...values: number[]) =>
  Array.from({ length: times }, () => values).flat();

test('takes the best of those that are clearly better', () => {
  const safe = repeat(50, 1, 0, 1, 0);
  const better = repeat(50, 0, 0, 1, 0);
  const best = repeat(50, 0, 0, 0, 0);
  const { chosen, gains } = chooseBest(safe, [better, best, safe]);
  expect(chosen).toBe(1);
  expect(gains.map(({ value }) => value)).toEqual([
    expect.closeTo(0.25, 9),
    expect.closeTo(0.5, 9),
    0,
  ]);
  // By hand: differences are 0.25 on average with a standard error of √(0.1875 · 200/199 / 200).
  expect(gains[0]!.low).toBeCloseTo(0.25 - 1.959964 * Math.sqrt(0.1875 / 199), 6);
});

test('takes none by chance, and reports the gain that it would have seen', () => {
  // Two of forty are won and one is lost: a gain of 1/40 with an error of 0.0433.
  const safe = [1, 1, 0, ...repeat(37, 0)];
  const other = [0, 0, 1, ...repeat(37, 0)];
  const { chosen, gains, smallest } = chooseBest(safe, [other]);
  expect(chosen).toBeUndefined();
  expect(gains[0]!.value).toBeCloseTo(1 / 40, 9);
  const error = Math.sqrt((3 - 1 / 40) / 39 / 40);
  expect(smallest).toBeCloseTo(1.645 * error, 9);
});

test('of a single example nothing is seen', () => {
  expect(chooseBest([1], [[0]])).toMatchObject({ chosen: undefined, smallest: Infinity });
});

test('the order of the examples does not matter, and doubling them makes it surer', () => {
  const loss = fc.integer({ min: 0, max: 3 });
  fc.assert(
    fc.property(fc.array(fc.tuple(loss, loss, loss), { minLength: 2, maxLength: 40 }), (rows) => {
      const of = (all: typeof rows) =>
        chooseBest(
          all.map(([safe]) => safe),
          [all.map(([, first]) => first), all.map(([, , second]) => second)],
        );
      const once = of(rows);
      expect(of([...rows].reverse()).chosen).toBe(once.chosen);
      const twice = of([...rows, ...rows]);
      if (once.chosen !== undefined) expect(twice.chosen).toBeDefined();
      expect(twice.smallest).toBeLessThanOrEqual(once.smallest + 1e-12);
    }),
  );
});

test('more methods than there are bars for are refused, as are other lengths', () => {
  expect(() => chooseBest([0], [])).toThrow(RangeError);
  expect(() => chooseBest([0, 1], [[0]])).toThrow(RangeError);
});
