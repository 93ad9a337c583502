import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PredictionRow } from '../../src/data/tables/predictions-file.ts';
import { manyLabels, oneClass } from '../../src/debias/decisions.ts';
import { createEvaluation } from '../../src/evaluate/metrics.ts';
import { pairedDifference } from '../../src/evaluate/paired-runs.ts';

async function* streamOf(rows: readonly PredictionRow[]) {
  yield* rows;
}

const difference = (a: readonly PredictionRow[], b: readonly PredictionRow[]) =>
  pairedDifference(streamOf(a), streamOf(b), 'accuracy');

const row = (id: number, truth: number, predicted: number): PredictionRow => ({
  id: String(id),
  truth: [String(truth)],
  predicted: [String(predicted)],
});

const answers = fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)), { minLength: 1 });

describe('runs on the same examples', () => {
  test('accuracy differs as between two models of one run', async () => {
    await fc.assert(
      fc.asyncProperty(answers, async (all) => {
        const evaluation = createEvaluation(['a', 'b'], oneClass(3), 1);
        for (const [truth, ...predicted] of all) {
          evaluation.add(
            [truth],
            predicted.map((best) => Float32Array.from([0, 1, 2], (c) => Number(c === best))),
          );
        }
        const { differences } = evaluation.result();
        const { value, low, high } = differences.find(({ metric }) => metric === 'accuracy')!;
        const found = await difference(
          all.map(([truth, a], id) => row(id, truth, a)),
          all.map(([truth, _, b], id) => row(id, truth, b)),
        );
        expect(found!.examples).toBe(all.length);
        expect(found!.value).toBeCloseTo(value, 12);
        expect(found!.low).toBeCloseTo(low, 12);
        expect(found!.high).toBeCloseTo(high, 12);
      }),
      { numRuns: 20 },
    );
  });

  test('micro F1 differs as between two models of one run', async () => {
    const labels = ['cat', 'dog'];
    const examples = [
      [
        [1, 0],
        [1, 0],
        [1, 1],
      ],
      [
        [1, 1],
        [1, 0],
        [1, 1],
      ],
      [
        [0, 0],
        [0, 0],
        [0, 1],
      ],
      [
        [0, 1],
        [0, 1],
        [1, 0],
      ],
    ];
    const evaluation = createEvaluation(['a', 'b'], manyLabels(2), 1);
    for (const [truth, ...predicted] of examples) {
      evaluation.add(
        truth!,
        predicted.map((decided) => Float32Array.from(decided)),
      );
    }
    const namesOf = (decided: readonly number[]) => labels.filter((_, label) => decided[label]);
    const rowsOf = (model: number) =>
      examples.map((example, id) => ({
        id: String(id),
        truth: namesOf(example[0]!),
        predicted: namesOf(example[model]!),
      }));
    const expected = evaluation.result().differences.find(({ metric }) => metric === 'microF1')!;
    const found = await pairedDifference(streamOf(rowsOf(1)), streamOf(rowsOf(2)), 'microF1');
    expect(found!.value).toBeCloseTo(expected.value, 12);
    expect(found!.low).toBeCloseTo(expected.low, 12);
    expect(found!.high).toBeCloseTo(expected.high, 12);
  });
});

describe('runs on different examples have no paired difference', () => {
  const first = [row(1, 0, 0), row(2, 1, 1)];
  test.each([
    ['another id', [row(1, 0, 0), row(3, 1, 1)]],
    ['another label', [row(1, 0, 0), row(2, 0, 0)]],
    ['fewer', [row(1, 0, 0)]],
    ['more', [...first, row(3, 0, 0)]],
    ['another order', first.toReversed()],
  ])('%s', async (_, second) => {
    expect(await difference(first, second)).toBeUndefined();
    expect(await difference(second, first)).toBeUndefined();
  });
});
