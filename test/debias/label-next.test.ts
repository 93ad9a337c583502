import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LabelNext, labelScore } from '../../src/debias/label-next.ts';
import { margins } from '../../src/debias/margin.ts';

test('(.5, .3, .2) scores 6.02965', () => {
  const probabilities = Float32Array.of(0.5, 0.3, 0.2);
  const [margin] = margins(probabilities, 3);
  expect(margin).toBeCloseTo(0.2, 6);
  // 1 / .2 + 1.02965; the margin of float32 is off in the seventh digit.
  expect(labelScore(probabilities, margin!)).toBeCloseTo(6.02965, 4);
});

test('of two that are tied the score is finite', () => {
  expect(labelScore(Float32Array.of(0.5, 0.5), 0)).toBeCloseTo(1000 + Math.LN2, 6);
});

const candidate = (id: string, prediction: number, score: number) => ({
  ...{ id, prediction, score },
  margin: 1 / score,
});

test('takes the best of each class before the second of any', () => {
  const next = new LabelNext(3, 4);
  for (const one of [
    candidate('a', 0, 9),
    candidate('b', 0, 8),
    candidate('c', 0, 7),
    candidate('d', 1, 2),
    candidate('e', 2, 3),
  ]) {
    next.add(one);
  }
  expect(next.result().map(({ id }) => id)).toEqual(['a', 'e', 'd', 'b']);
});

test('the order of the examples does not matter, nor how many there are', () => {
  const examples = fc.uniqueArray(
    fc.record({
      id: fc.uuid(),
      prediction: fc.nat(2),
      score: fc.integer({ min: 1, max: 5 }),
    }),
    { selector: ({ id }) => id, maxLength: 60 },
  );
  fc.assert(
    fc.property(examples, fc.integer({ min: 1, max: 6 }), (all, count) => {
      const of = (order: typeof all) => {
        const next = new LabelNext(3, count);
        for (const { id, prediction, score } of order) next.add(candidate(id, prediction, score));
        return next.result().map(({ id }) => id);
      };
      const chosen = of(all);
      expect(of([...all].reverse())).toEqual(chosen);
      expect(chosen).toHaveLength(Math.min(count, all.length));
      // Within a class, no example that is left out scores more than a chosen one.
      for (const { id, prediction, score } of all) {
        if (chosen.includes(id)) continue;
        const taken = all.filter((one) => one.prediction === prediction && chosen.includes(one.id));
        for (const one of taken) expect(one.score).toBeGreaterThanOrEqual(score);
      }
    }),
  );
});
