import fc from 'fast-check';
import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { subclassTargets } from '../../src/debias/lelp.ts';
import { EmbeddingStatistics, randomRotation } from '../../src/debias/lelp-split.ts';
import { predictions } from '../../src/debias/margin.ts';
import { golden } from '../golden/golden.ts';

type Answer = readonly [embedding: readonly number[], probabilities: readonly number[]];

function statisticsOf(answers: readonly Answer[]): EmbeddingStatistics {
  const [[embedding, probabilities]] = answers as [Answer];
  const statistics = new EmbeddingStatistics(embedding.length, probabilities.length);
  for (const [embedding, probabilities] of answers) {
    const answer = Float32Array.from(probabilities);
    statistics.add(Float32Array.from(embedding), predictions(answer, answer.length)[0]!, answer);
  }
  return statistics;
}

function goldenAnswers(): Answer[] {
  const { embeddings, probabilities } = golden.lelp();
  return embeddings.map((embedding, i) => [embedding, probabilities[i]!]);
}

const unturned = (subclasses: number) => () => Matrix.eye(subclasses, subclasses);

test('the targets are those of numpy, which knows the weights of the teacher', () => {
  const { classes, subclasses, rotations, soft, hard } = golden.lelp();
  const given = goldenAnswers();
  const found = statisticsOf(given).split(subclasses, (index) => new Matrix(rotations[index]!));
  soft.forEach((expected, row) => {
    const [embedding, probabilities] = given[row]!.map((values) => Float32Array.from(values)) as [
      Float32Array,
      Float32Array,
    ];
    const label = new Float32Array(classes);
    label[predictions(probabilities, classes)[0]!] = 1;
    for (const [target, of] of [
      [probabilities, expected],
      [label, hard[row]!],
    ] as const) {
      const targets = subclassTargets(found, embedding, target);
      targets.forEach((value, i) => {
        expect(value).toBeCloseTo(of[i]!, 4);
      });
    }
  });
});

test('coordinates (1, −1) give subclasses .8808 and .1192 of the label', () => {
  const directions = [
    [0, 1],
    [0, -1],
    [0, 0],
    [0, 0],
  ];
  const found = { subclasses: 2, directions, offsets: [0, 0, 0, 0] };
  const targets = subclassTargets(found, Float32Array.of(2, 1), Float32Array.of(0.9, 0.1));
  const expected = [0.792717, 0.107283, 0.05, 0.05];
  targets.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 6);
  });
});

const integers = (length: number) =>
  fc.array(fc.integer({ min: -8, max: 8 }), { minLength: length, maxLength: length });
/** Embeddings of three dimensions, and two classes. */
const some = fc.array(
  fc
    .tuple(integers(3), fc.integer({ min: 1, max: 15 }))
    .map(([embedding, part]): Answer => [embedding, [part / 16, 1 - part / 16]]),
  { minLength: 1, maxLength: 30 },
);

describe('whatever the embeddings', () => {
  test('the targets of the subclasses of a class sum to the label of the class', () => {
    fc.assert(
      fc.property(some, integers(3), fc.integer({ min: 0, max: 16 }), (answers, asked, part) => {
        const found = statisticsOf(answers).split(4, unturned(4));
        const label = Float32Array.of(part / 16, 1 - part / 16);
        const targets = subclassTargets(found, Float32Array.from(asked), label);
        expect(targets.every((value) => value >= 0)).toBe(true);
        for (const [c, share] of label.entries()) {
          const sum = targets.subarray(4 * c, 4 * c + 4).reduce((a, b) => a + b, 0);
          expect(sum).toBeCloseTo(share, 5);
        }
      }),
    );
  });
});

test('the order of the examples, or doubling them, changes nothing', () => {
  const given = goldenAnswers();
  const once = statisticsOf(given).split(2, unturned(2)).directions.flat();
  const shuffled = fc.shuffledSubarray(given, { minLength: given.length });
  fc.assert(
    fc.property(shuffled, (answers) => {
      for (const other of [answers, [...answers, ...answers]]) {
        const found = statisticsOf(other).split(2, unturned(2)).directions.flat();
        found.forEach((value, i) => {
          expect(value).toBeCloseTo(once[i]!, 6);
        });
      }
    }),
    { numRuns: 10 },
  );
});

test('what moves the scores of the classes does not move the subclasses', () => {
  const { directions } = statisticsOf(goldenAnswers()).split(2, unturned(2));
  // With two classes the score is one number, here the first entry.
  const answers = goldenAnswers().map(([embedding]): Answer => {
    const p = 1 / (1 + Math.exp(-embedding[0]!));
    return [embedding, [p, 1 - p]];
  });
  for (const direction of statisticsOf(answers).split(2, unturned(2)).directions) {
    expect(direction[0]).toBeCloseTo(0, 4);
  }
  expect(directions.some((direction) => Math.abs(direction[0]!) > 0.01)).toBe(true);
});

test('a class without examples is split evenly', () => {
  const answers: Answer[] = [
    [
      [1, 2],
      [0.9, 0.1],
    ],
    [
      [3, 1],
      [0.8, 0.2],
    ],
  ];
  const found = statisticsOf(answers).split(2, unturned(2));
  const targets = subclassTargets(found, Float32Array.of(1, 5), Float32Array.of(0, 1));
  expect(Array.from(targets)).toEqual([0, 0, 0.5, 0.5]);
});

test('a rotation keeps lengths', () => {
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const rotation = randomRotation(5, random);
  const product = rotation.mmul(rotation.transpose()).to2DArray();
  product.forEach((row, i) => {
    row.forEach((value, j) => {
      expect(value).toBeCloseTo(i === j ? 1 : 0, 9);
    });
  });
});
