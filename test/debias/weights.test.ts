import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ValidationPoints, validationPoints } from '../../src/debias/validation.ts';
import {
  createWeightEstimator,
  defaultNeighbors,
  type ReadingName,
  readingNames,
  type WeightOptions,
} from '../../src/debias/weights.ts';
import { golden } from '../golden/golden.ts';

const unbounded = [0, Number.MAX_VALUE] as const;
/** The golden file names the readings by these letters. */
const letters = { meanOfRatios: 'B', ratioOfMeans: 'D' } as const;

/** n points at one site, so that all of them are neighbours of everything. */
function sameSite(
  wrong: readonly number[],
  teacherLosses: readonly number[],
  trueLosses: readonly number[],
): ValidationPoints {
  return {
    teacherMargins: new Float32Array(wrong.length),
    studentMargins: new Float32Array(wrong.length),
    wrong: Uint8Array.from(wrong),
    teacherLosses: Float64Array.from(teacherLosses),
    trueLosses: Float64Array.from(trueLosses),
  };
}

function estimateOf(points: ValidationPoints, reading: ReadingName) {
  const neighbors = points.wrong.length;
  return createWeightEstimator(points, { neighbors, reading, bounds: unbounded }).at(0, 0);
}

/** Points whose error probability is wrongShare and whose distortion is d, in both readings. */
function pointsWith(wrongCount: number, count: number, distortion: number): ValidationPoints {
  const wrong = Array.from({ length: count }, (_, i) => (i < wrongCount ? 1 : 0));
  const teacherLosses = wrong.map((is) => (is ? 0.2 * distortion : 0.2));
  return sameSite(
    wrong,
    teacherLosses,
    wrong.map(() => 0.2),
  );
}

describe('the formula', () => {
  test.each([
    { p: 0.3, d: 4, w: 0.526316 },
    { p: 0.1, d: 0.5, w: 1.052632 },
    { p: 0, d: 9, w: 1 },
    { p: 1, d: 2, w: 0.5 },
  ])('p = $p, d = $d: w = $w, and the weighted loss is the true one', ({ p, d, w }) => {
    for (const reading of readingNames) {
      const estimate = estimateOf(pointsWith(10 * p, 10, d), reading);
      expect(estimate.weight).toBeCloseTo(w, 6);
      expect(estimate.errorProbability).toBeCloseTo(p, 12);
      expect(estimate.distortion).toBeCloseTo(p === 0 ? 1 : d, 12);
      const trueLoss = 0.2;
      const expectedNoisyLoss = (1 - p) * trueLoss + p * d * trueLoss;
      expect(estimate.weight * expectedNoisyLoss).toBeCloseTo(trueLoss, 12);
    }
  });

  test('wrong=[1,0,0,0]: both readings give 1/3', () => {
    const points = sameSite([1, 0, 0, 0], [1.8, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.2]);
    expect(estimateOf(points, 'meanOfRatios').weight).toBeCloseTo(1 / 3, 12);
    expect(estimateOf(points, 'ratioOfMeans').weight).toBeCloseTo(1 / 3, 12);
    expect(estimateOf(points, 'ratioOfMeans').distortion).toBeCloseTo(9, 12);
  });

  test('one neighbour with a small true loss: B follows it, D does not', () => {
    const points = sameSite([1, 0, 0, 0], [4.6, 0.2, 0.2, 0.2], [0.01, 0.2, 0.2, 0.2]);
    expect(estimateOf(points, 'meanOfRatios').weight).toBeCloseTo(0.0086, 4);
    expect(estimateOf(points, 'ratioOfMeans').weight).toBeCloseTo(0.117, 3);
  });

  test('two neighbours in the plane: p = 0.5 and 0', () => {
    const estimator = createWeightEstimator(
      {
        teacherMargins: Float32Array.of(0.9, 0.8, 0.2, 0.1),
        studentMargins: Float32Array.of(0.8, 0.7, 0.1, 0.3),
        wrong: Uint8Array.of(0, 0, 1, 0),
        teacherLosses: Float64Array.of(0.1, 0.1, 3, 0.1),
        trueLosses: Float64Array.of(0.1, 0.1, 1, 0.1),
      },
      { neighbors: 2, reading: 'meanOfRatios', bounds: unbounded },
    );
    expect(estimator.at(0.15, 0.2)).toEqual({ errorProbability: 0.5, distortion: 3, weight: 0.5 });
    expect(estimator.at(0.85, 0.75)).toEqual({ errorProbability: 0, distortion: 1, weight: 1 });
  });
});

describe.each(['hard', 'soft'] as const)('with %s labels, against scikit-learn', (targets) => {
  test.each(readingNames)('reading %s', (reading) => {
    const expected = golden.weights();
    const points = validationPoints({
      teacherProbabilities: Float32Array.from(expected.teacher),
      studentProbabilities: Float32Array.from(expected.student),
      labels: Int32Array.from(expected.labels),
      classes: expected.classes,
      targets,
    });
    const { neighbors, queries } = expected;
    const estimator = createWeightEstimator(points, { neighbors, reading, bounds: unbounded });
    const { errorProbabilities, [letters[reading]]: of } = expected.cases[targets];
    queries.forEach(([teacherMargin, studentMargin], q) => {
      const estimate = estimator.at(teacherMargin, studentMargin);
      expect(estimate.errorProbability).toBeCloseTo(errorProbabilities[q]!, 12);
      expect(estimate.weight).toBeCloseTo(of.weights[q]!, 9);
      expect(estimate.distortion / of.distortions[q]!).toBeCloseTo(1, 9);
    });
  });
});

const unit = fc.integer({ min: 0, max: 20 }).map((i) => Math.fround(i / 20));
const loss = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 16.2, noNaN: true }));
const point = fc.record({
  teacherMargin: unit,
  studentMargin: unit,
  wrong: fc.integer({ min: 0, max: 1 }),
  teacherLoss: loss,
  trueLoss: loss,
});
type Point = typeof point extends fc.Arbitrary<infer T> ? T : never;
const somePoints = fc.array(point, { minLength: 1, maxLength: 60 });
const options = fc.record({
  neighbors: fc.integer({ min: 1, max: 80 }),
  reading: fc.constantFrom(...readingNames),
  bounds: fc.constantFrom<WeightOptions['bounds']>([0, 1], [0.25, 4], [0, Infinity]),
});

function pointsOf(points: readonly Point[]): ValidationPoints {
  return {
    teacherMargins: Float32Array.from(points, (of) => of.teacherMargin),
    studentMargins: Float32Array.from(points, (of) => of.studentMargin),
    wrong: Uint8Array.from(points, (of) => of.wrong),
    teacherLosses: Float64Array.from(points, (of) => of.teacherLoss),
    trueLosses: Float64Array.from(points, (of) => of.trueLoss),
  };
}

/** The weights at a grid of queries. */
function weightsOf(points: readonly Point[], of: WeightOptions): number[] {
  const estimator = createWeightEstimator(pointsOf(points), of);
  const sites = [0, 0.3, 0.5, 0.9, 1];
  return sites.flatMap((teacher) => sites.map((student) => estimator.at(teacher, student).weight));
}

/** Relative, since an unbounded weight may be large. */
function expectSame(found: readonly number[], expected: readonly number[]) {
  found.forEach((weight, i) => {
    expect(Math.abs(weight - expected[i]!)).toBeLessThanOrEqual(1e-12 * Math.max(1, weight));
  });
}

describe('for any validation points', () => {
  test('all estimates are finite, and weights within the bounds', () => {
    fc.assert(
      fc.property(somePoints, options, unit, unit, (points, of, teacher, student) => {
        const estimate = createWeightEstimator(pointsOf(points), of).at(teacher, student);
        expect(Number.isFinite(estimate.weight)).toBe(true);
        expect(Number.isFinite(estimate.distortion)).toBe(true);
        expect(estimate.errorProbability).toBeGreaterThanOrEqual(0);
        expect(estimate.errorProbability).toBeLessThanOrEqual(1);
        expect(estimate.weight).toBeGreaterThanOrEqual(of.bounds[0]);
        expect(estimate.weight).toBeLessThanOrEqual(of.bounds[1]);
      }),
    );
  });

  test('their order does not matter', () => {
    const shuffled = somePoints.chain((points) =>
      fc.tuple(
        fc.constant(points),
        fc.shuffledSubarray(points, { minLength: points.length, maxLength: points.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, options, ([points, other], of) => {
        expectSame(weightsOf(other, of), weightsOf(points, of));
      }),
    );
  });

  test('twice the points and twice the neighbors give the same weights', () => {
    fc.assert(
      fc.property(somePoints, options, (points, of) => {
        const doubled = weightsOf([...points, ...points], { ...of, neighbors: 2 * of.neighbors });
        expectSame(doubled, weightsOf(points, of));
      }),
    );
  });

  test('a teacher that is never wrong gives weights of exactly 1, whatever the losses', () => {
    fc.assert(
      fc.property(somePoints, options, (points, of) => {
        const perfect = points.map((each) => ({ ...each, wrong: 0 }));
        expect(new Set(weightsOf(perfect, of))).toEqual(new Set([1]));
      }),
    );
  });

  test('the weight falls as the distortion grows', () => {
    const distortion = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        distortion,
        fc.double({ min: 1.01, max: 10, noNaN: true }),
        fc.constantFrom(...readingNames),
        (wrongCount, d, factor, reading) => {
          const smaller = estimateOf(pointsWith(wrongCount, 10, d), reading).weight;
          const larger = estimateOf(pointsWith(wrongCount, 10, d * factor), reading).weight;
          expect(larger).toBeLessThan(smaller);
        },
      ),
    );
  });

  test('with exact p and d the weighted noisy loss is the true loss', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.double({ min: 0.001, max: 10, noNaN: true }),
        fc.constantFrom(...readingNames),
        (wrongCount, d, trueLoss, reading) => {
          const p = wrongCount / 10;
          const { weight } = estimateOf(pointsWith(wrongCount, 10, d), reading);
          const noisyLoss = (1 - p) * trueLoss + p * d * trueLoss;
          expect((weight * noisyLoss) / trueLoss).toBeCloseTo(1, 9);
        },
      ),
    );
  });
});

describe('createWeightEstimator', () => {
  test('two losses of about 0 are taken as equal', () => {
    for (const reading of readingNames) {
      expect(estimateOf(sameSite([1], [0], [1e-9]), reading).weight).toBe(1);
    }
  });

  test('writes the same for a batch as for each; a margin of NaN gets 1', () => {
    const points = sameSite([1, 0], [1.8, 0.2], [0.2, 0.2]);
    const estimator = createWeightEstimator(points, {
      neighbors: 2,
      reading: 'ratioOfMeans',
      bounds: [0, 0.25],
    });
    const weights = new Float32Array(2);
    const errorProbabilities = new Float32Array(2);
    const distortions = new Float32Array(2);
    const out = { weights, errorProbabilities, distortions };
    estimator.estimate(Float32Array.of(0.5, NaN), Float32Array.of(0.5, 0.5), out);
    // (0.2 + 0.2) / (1.8 + 0.2) is 0.2, so d = 1 + (5 − 1) / 0.5.
    expect(weights[0]).toBeCloseTo(0.2, 6);
    expect(errorProbabilities[0]).toBe(0.5);
    expect(distortions[0]).toBeCloseTo(9, 5);
    expect([weights[1], errorProbabilities[1], distortions[1]]).toEqual([1, 0, 1]);
  });

  test('clips the weight and not what it was made of', () => {
    const points = sameSite([1], [0.1], [1]);
    const of = { neighbors: 1, reading: 'meanOfRatios', bounds: [0, 1] } as const;
    const estimate = createWeightEstimator(points, of).at(0, 0);
    expect(estimate).toMatchObject({ errorProbability: 1, weight: 1 });
    expect(estimate.distortion).toBeCloseTo(0.1, 12);
  });

  test('averages about √n neighbours by default', () => {
    expect([1, 2, 300, 10_000].map(defaultNeighbors)).toEqual([1, 1, 17, 100]);
    const points = pointsOf(
      Array.from({ length: 9 }, (_, i) => ({
        teacherMargin: i / 10,
        studentMargin: 0,
        wrong: i === 0 ? 1 : 0,
        teacherLoss: 1,
        trueLoss: 1,
      })),
    );
    const estimator = createWeightEstimator(points, { reading: 'meanOfRatios', bounds: [0, 1] });
    expect(estimator.at(0, 0).errorProbability).toBeCloseTo(1 / 3, 12);
  });

  test('refuses a validation set without examples', () => {
    const of = { reading: 'ratioOfMeans', bounds: [0, 1] } as const;
    expect(() => createWeightEstimator(sameSite([], [], []), of)).toThrow(RangeError);
  });
});
