import { describe, expect, test } from 'vitest';
import type { Row } from '../../evidence/row.ts';
import { estimate, summarizeCell } from '../../evidence/summary.ts';

describe('an estimate from draws', () => {
  test("has Student's interval", () => {
    // scipy.stats.t.interval(0.95, 4, 3, sem([1, 2, 3, 4, 5])) is (1.036757, 4.963243).
    const { mean, low, high } = estimate([1, 2, 3, 4, 5]);
    expect(mean).toBe(3);
    expect(low).toBeCloseTo(1.0368, 3);
    expect(high).toBeCloseTo(4.9632, 3);
  });

  test('has none of a single draw, and more than ten are refused', () => {
    expect(estimate([0.5])).toEqual({ mean: 0.5, low: Number.NaN, high: Number.NaN });
    expect(() => estimate(new Array<number>(11).fill(0))).toThrow(RangeError);
  });
});

/** A draw, in which every method that is not named is as good as plain distillation. */
function row(seed: number, plain: number, more: Record<string, number>): Row {
  const choices = ['uniform', 'uniform-soft', 'weighted', 'correctness', 'slam', 'relabel'];
  const accuracy = {
    ...{
      'plain/uniform': plain,
      'plain/uniform-soft': plain - 0.01,
      'oracle/uniform': plain + 0.1,
    },
    ...Object.fromEntries(choices.map((name) => [`cross-fitted/${name}`, plain])),
    ...more,
  };
  return {
    ...{ problem: 'digits', labels: 100, seed, testExamples: 1000, accuracy, logLoss: {} },
    ...{ relabel: [], seconds: 1 },
    auto: { method: 'uniform', labels: 'soft', explanation: '', candidates: [] },
  };
}

test('a cell has the gain of each method per draw, and the distance to the oracle', () => {
  const cell = summarizeCell([
    row(1, 0.8, { 'cross-fitted/relabel': 0.84, 'cross-fitted/uniform-soft': 0.79 }),
    row(2, 0.6, { 'cross-fitted/relabel': 0.66, 'cross-fitted/weighted': 0.59 }),
  ]);
  const relabel = cell.methods.find(({ name }) => name === 'cross-fitted/relabel')!;
  expect(relabel.accuracy).toBeCloseTo(0.75, 9);
  expect(relabel.overHard.mean).toBeCloseTo(0.05, 9);
  expect(relabel.overSoft.mean).toBeCloseTo(0.06, 9);
  // The draws differ by 0.2, the gains by 0.02: 12.706 × 0.01.
  expect(relabel.overHard.high - relabel.overHard.mean).toBeCloseTo(0.12706, 5);
  expect(relabel.closed).toBeCloseTo(0.5, 9);
  expect(cell.auto.chosen).toEqual({ 'uniform-soft': 2 });
  expect(cell.auto.accuracy).toBeCloseTo(0.695, 9);
  expect(cell.auto.best).toBeCloseTo(0.75, 9);
  expect(cell.auto.worst).toBeCloseTo(0.69, 9);
});

test('if the oracle does not win in every draw, the share of its distance is omitted', () => {
  const { methods } = summarizeCell([row(1, 0.8, {}), row(2, 0.6, { 'oracle/uniform': 0.59 })]);
  expect(methods.map(({ closed }) => closed)).toEqual(methods.map(() => undefined));
});

test('an arm that a draw lacks has the figures of the others', () => {
  const rows = [row(1, 0.8, { 'mse/teacher': 0.7 }), row(2, 0.6, {})];
  const { methods } = summarizeCell(rows);
  const teacher = methods.find(({ name }) => name === 'mse/teacher')!;
  expect(teacher).toMatchObject({ draws: 1, accuracy: 0.7 });
  expect(teacher.overHard.mean).toBeCloseTo(-0.1, 9);
});
