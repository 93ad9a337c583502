import fc from 'fast-check';
import { expect, test } from 'vitest';
import { manyLabels, oneClass } from '../../src/debias/decisions.ts';
import { LabelNext, labelCandidate, labelScore } from '../../src/debias/label-next.ts';
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

const candidate = (id: string, group: number, score: number) => ({
  ...{ id, group, score, predicted: [group] },
  margin: 1 / score,
});

test('a candidate with one class is spread over the classes of the teacher', () => {
  const probabilities = Float32Array.of(0.25, 0.75);
  const answer = { predictions: Int32Array.of(1), margins: Float32Array.of(0.5), probabilities };
  expect(labelCandidate({ id: 'a', ...answer }, oneClass(2))).toEqual({
    ...{ id: 'a', predicted: [1], group: 1, margin: 0.5 },
    score: labelScore(probabilities, 0.5),
  });
});

test('a candidate with several labels has the mean of their scores', () => {
  const [sure, unsure] = [Float32Array.of(0.25, 0.75), Float32Array.of(0.375, 0.625)];
  const answer = {
    predictions: Int32Array.of(1, 1, 0),
    margins: Float32Array.of(0.5, 0.25, 1),
    probabilities: Float32Array.of(0.75, 0.625, 0),
  };
  const found = labelCandidate({ id: 'a', ...answer }, manyLabels(3));
  expect(found).toMatchObject({ predicted: [0, 1], group: 1, margin: 0.25 });
  const scores = [labelScore(sure, 0.5), labelScore(unsure, 0.25), 1];
  expect(found.score).toBeCloseTo((scores[0]! + scores[1]! + scores[2]!) / 3, 12);
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
