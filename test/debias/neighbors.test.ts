import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomFor } from '../../src/data/random.ts';
import { createNeighborCells } from '../../src/debias/neighbor-cells.ts';
import { mergeSites } from '../../src/debias/neighbor-sites.ts';
import { createNeighborMeans } from '../../src/debias/neighbors.ts';
import { golden } from '../golden/golden.ts';

/** Means by the definition: all distances, sorted. */
function meansByDefinition(
  points: readonly { x: number; y: number; value: number }[],
  k: number,
  queryX: number,
  queryY: number,
): number {
  const squared = points.map(({ x, y }) => (queryX - x) ** 2 + (queryY - y) ** 2);
  const radius = squared.toSorted((a, b) => a - b)[k - 1]!;
  const sum = (chosen: typeof points) => chosen.reduce((total, { value }) => total + value, 0);
  const nearer = points.filter((_, i) => squared[i]! < radius);
  const tied = points.filter((_, i) => squared[i] === radius);
  return (sum(nearer) + ((k - nearer.length) / tied.length) * sum(tied)) / k;
}

function planeOf(points: readonly { x: number; y: number; value: number }[]) {
  return {
    x: Float32Array.from(points, ({ x }) => x),
    y: Float32Array.from(points, ({ y }) => y),
    columns: [Float64Array.from(points, ({ value }) => value)],
  };
}

describe('createNeighborMeans', () => {
  for (const { name, points, values, queries, means } of golden.neighbors()) {
    for (const [k, expected] of Object.entries(means)) {
      test(`points ${name}, k = ${k}: scikit-learn's KNeighborsRegressor`, () => {
        const neighborMeans = createNeighborMeans(
          {
            x: Float32Array.from(points, ([x]) => x),
            y: Float32Array.from(points, ([, y]) => y),
            columns: [0, 1].map((c) => Float64Array.from(values, (row) => row[c]!)),
          },
          Number(k),
        );
        const found = new Float64Array(2);
        queries.forEach(([x, y], q) => {
          neighborMeans(x, y, found);
          expect(found[0]).toBeCloseTo(expected[q]![0], 12);
          expect(found[1]).toBeCloseTo(expected[q]![1], 12);
        });
      });
    }
  }

  // A coarse grid gives many equal points and many equal distances.
  const coordinate = (steps: number) => fc.integer({ min: 0, max: steps }).map((i) => i / steps);
  const pointsOn = (steps: number) =>
    fc.array(
      fc.record({
        x: coordinate(steps),
        y: coordinate(steps),
        value: fc.integer({ min: -9, max: 9 }),
      }),
      { minLength: 1, maxLength: 200, size: 'max' },
    );

  test('is the definition, ties and equal points included', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(2, 4, 16, 256).chain(pointsOn),
        fc.integer({ min: 1, max: 130 }),
        fc.array(fc.tuple(coordinate(8), coordinate(1000)), { minLength: 1, maxLength: 9 }),
        (points, k, queries) => {
          const neighborMeans = createNeighborMeans(planeOf(points), k);
          const found = new Float64Array(1);
          for (const [x, y] of queries) {
            neighborMeans(x, y, found);
            const expected = meansByDefinition(points, Math.min(k, points.length), x, y);
            expect(found[0]).toBeCloseTo(expected, 12);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test('is the same to the bit, whatever the queries before', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(4, 16, 1024).chain(pointsOn),
        fc.integer({ min: 1, max: 60 }),
        fc.integer(),
        (points, k, seed) => {
          const random = randomFor(seed);
          // Crowded queries, so that cells are cut again and again, and some on their borders.
          const queries = Array.from({ length: 400 }, (_, i) => {
            const [x, y] = [random(), random()];
            return i % 4 === 0 ? [Math.round(x * 8) / 8, Math.round(y * 8) / 8] : [x ** 8, y ** 8];
          });
          const queried = createNeighborMeans(planeOf(points), k);
          const [found, alone] = [new Float64Array(1), new Float64Array(1)];
          queries.forEach(([x, y], i) => {
            queried(x!, y!, found);
            if (i % 20 > 0) return;
            createNeighborMeans(planeOf(points), k)(x!, y!, alone);
            expect(found).toEqual(alone);
            const expected = meansByDefinition(points, Math.min(k, points.length), x!, y!);
            expect(found[0]).toBeCloseTo(expected, 12);
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  test('shares the last place among the points at its distance', () => {
    const corners = [0, 1].flatMap((x) => [0, 1].map((y) => ({ x, y, value: x + 2 * y })));
    const found = new Float64Array(1);
    createNeighborMeans(planeOf([{ x: 0.5, y: 0.5, value: 10 }, ...corners]), 2)(0.5, 0.5, found);
    expect(found[0]).toBe((10 + (0 + 1 + 2 + 3) / 4) / 2);
  });

  test('few points take little memory', () => {
    const bytesFor = (count: number) => {
      const points = Array.from({ length: count }, (_, i) => ({ x: i / count, y: 0.5, value: i }));
      const { table, sums, listed } = createNeighborCells(mergeSites(planeOf(points)), 1);
      return table.byteLength + sums.byteLength + listed.byteLength;
    };
    expect(bytesFor(20)).toBeLessThan(200_000);
    expect(bytesFor(5000)).toBeLessThan(20_000_000);
  });

  test('refuses no points and no neighbors', () => {
    expect(() => createNeighborMeans(planeOf([]), 1)).toThrow('at least one point');
    const one = planeOf([{ x: 0, y: 0, value: 1 }]);
    expect(() => createNeighborMeans(one, 0)).toThrow('at least 1 neighbor, got 0');
  });
});
