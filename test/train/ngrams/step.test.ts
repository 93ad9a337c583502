import { describe, expect, test } from 'vitest';
import { randomFor } from '../../../src/data/random.ts';
import { writeNgrams } from '../../../src/models/ngrams/files.ts';
import { createNgrams, type NgramsModel } from '../../../src/models/ngrams/model.ts';
import type { Batch } from '../../../src/train/batch-shape.ts';
import type { Loss } from '../../../src/train/losses/index.ts';
import { createNgramsStep } from '../../../src/train/ngrams/step.ts';

const classes = 3;
const shape = {
  ...{ buckets: 97, wordNgrams: 2, minChars: 2, maxChars: 3 },
  ...{ dimension: 4, hidden: 0 },
};
const words = ['good', 'bad', 'film', 'food', 'so', 'not', '!', 'über', '写'];

/** A random batch; the same seed gives the same one. @param perExample weights of an example. */
function batchOf(size: number, seed: number, perExample = 1): Batch {
  const random = randomFor(seed);
  const pick = () => words[Math.floor(random() * words.length)]!;
  const texts = Array.from({ length: size }, () =>
    Array.from({ length: Math.floor(random() * 6) }, pick).join(' '),
  );
  const targets = Float32Array.from({ length: size * classes }, random);
  for (let row = 0; row < size; row++) {
    const target = targets.subarray(row * classes, (row + 1) * classes);
    const sum = target.reduce((a, b) => a + b);
    target.forEach((value, c) => {
      target[c] = value / sum;
    });
  }
  return {
    ...{ size, rows: { n: size, texts }, targets },
    teacherMargins: Float32Array.from({ length: size * perExample }, random),
    weights: Float32Array.from({ length: size * perExample }, random),
  };
}

const sgd = { optimizer: 'sgd', momentum: 0, weightDecay: 0 } as const;
const adam = { optimizer: 'adam', momentum: 0, weightDecay: 0.01 } as const;

/** Lists the weights of a model, as arrays that may be changed. */
function weightsOf({ embeddings, layers }: NgramsModel): Float32Array[] {
  const { count, dimension, values } = embeddings;
  const dense = layers.flatMap(({ kernel, bias }) => [kernel, bias]);
  return [values.subarray(0, count * dimension), ...dense];
}

/** Creates a model with random vectors for the n-grams of a batch. */
function modelFor(batch: Batch, hidden: number): NgramsModel {
  const model = createNgrams({ ...shape, hidden }, classes, 1);
  createNgramsStep(model, sgd).run(batch, 0);
  const random = randomFor(5);
  for (const weights of weightsOf(model)) {
    weights.forEach((_, i) => {
      weights[i] = random() - 0.5;
    });
  }
  return model;
}

describe.each<Loss>([
  { kind: 'crossEntropy' },
  { kind: 'binaryCrossEntropy' },
  { kind: 'mse' },
  { kind: 'slam', mixing: { alpha: (margin) => (1 + margin) / 2, topK: 2 } },
  { kind: 'mcmi', classMeans: new Float32Array(9).fill(1 / 3), strength: 0.3 },
])('the gradients of $kind', (loss) => {
  test.each([0, 5])('with %i hidden units are the differences of the loss', (hidden) => {
    const batch = batchOf(6, 1, loss.kind === 'binaryCrossEntropy' ? classes : 1);
    const model = modelFor(batch, hidden);
    const lossNow = () => createNgramsStep(model, sgd, { loss }).run(batch, 0).loss;
    const before = weightsOf(model).map((weights) => weights.slice());
    createNgramsStep(model, sgd, { loss }).run(batch, 1);
    const gradients = weightsOf(model).map((weights, part) =>
      weights.map((value, i) => before[part]![i]! - value),
    );
    for (const [part, weights] of weightsOf(model).entries()) weights.set(before[part]!);
    const difference = 2 ** -8;
    for (const [part, weights] of weightsOf(model).entries()) {
      for (let i = 0; i < weights.length; i += 3) {
        const at = weights[i]!;
        weights[i] = at + difference;
        const above = lossNow();
        weights[i] = at - difference;
        const below = lossNow();
        weights[i] = at;
        const expected = (above - below) / (2 * difference);
        expect(Math.abs(gradients[part]![i]! - expected)).toBeLessThan(1e-4);
      }
    }
  });
});

describe('a step', () => {
  test('of adam changes the vectors of the batch, by a second moment per vector', () => {
    const batch = batchOf(5, 3);
    const model = modelFor(batch, 0);
    const before = weightsOf(model)[0]!.slice();
    createNgramsStep(model, sgd).run(batch, 1);
    const gradient = weightsOf(model)[0]!.map((value, i) => before[i]! - value);
    const other = modelFor(batch, 0);
    const unseen = other.embeddings.add(96 - (other.embeddings.buckets[0] === 96 ? 1 : 0));
    other.embeddings.values.fill(0.5, unseen * shape.dimension);
    createNgramsStep(other, adam).run(batch, 0.1);
    const { dimension } = shape;
    weightsOf(other)[0]!.forEach((value, i) => {
      const start = i - (i % dimension);
      const row = gradient.subarray(start, start + dimension);
      const size = Math.sqrt(row.reduce((sum, g) => sum + g * g, 0) / dimension);
      if (i >= unseen * dimension) expect(value).toBe(0.5);
      else {
        const expected = before[i]! * (1 - 0.1 * 0.01) - (0.1 * gradient[i]!) / (size + 1e-8);
        expect(value).toBeCloseTo(expected, 4);
      }
    });
  });

  test('has weights computed from its own forward pass', () => {
    const batch = batchOf(4, 2);
    const model = modelFor(batch, 0);
    const weights = Float32Array.of(1, 0, 2, 0.5);
    const seen: Float32Array[] = [];
    const found = createNgramsStep(model, adam).run(batch, 0.1, (_, probabilities) => {
      seen.push(probabilities);
      return weights;
    });
    const expected = createNgramsStep(modelFor(batch, 0), adam).run({ ...batch, weights }, 0.1);
    expect(found).toEqual(expected);
    expect(seen).toEqual([expected.probabilities]);
  });

  test('computes the weights of labels from its own forward pass', () => {
    const loss: Loss = { kind: 'binaryCrossEntropy' };
    const batch = batchOf(4, 2, classes);
    const found = createNgramsStep(modelFor(batchOf(4, 2), 0), adam, { loss }).run(
      batch,
      0.1,
      (_, probabilities) => probabilities.map((p) => 4 * p),
    );
    expect(found.weights).toEqual(found.probabilities.map((p) => 4 * p));
    const given = { ...batch, weights: found.weights };
    const model = modelFor(batchOf(4, 2), 0);
    expect(createNgramsStep(model, adam, { loss }).run(given, 0.1)).toEqual(found);
  });

  test('trains a model that separates the texts', () => {
    const model = createNgrams(shape, classes, 1);
    const step = createNgramsStep(model, adam);
    const texts = ['good film', 'bad food', 'so so'];
    const targets = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
    const ones = new Float32Array(3).fill(1);
    const batch = { size: 3, rows: { n: 3, texts }, targets, weights: ones, teacherMargins: ones };
    const losses = Array.from({ length: 60 }, () => step.run(batch, 0.1).loss);
    expect(losses[0]).toBeCloseTo(Math.log(3), 5);
    expect(losses.at(-1)!).toBeLessThan(0.05);
  });

  test('trains a model that finds several labels of a text, or none', () => {
    const step = createNgramsStep(createNgrams(shape, classes, 1), adam, {
      loss: { kind: 'binaryCrossEntropy' },
    });
    const texts = ['good film', 'bad food', 'so so'];
    const targets = Float32Array.of(1, 1, 0, 0, 1, 1, 0, 0, 0);
    const ones = new Float32Array(9).fill(1);
    const batch = { size: 3, rows: { n: 3, texts }, targets, weights: ones, teacherMargins: ones };
    const results = Array.from({ length: 80 }, () => step.run(batch, 0.1));
    expect(results[0]!.loss).toBeCloseTo(Math.log(2), 5);
    expect(results.at(-1)!.loss).toBeLessThan(0.05);
    expect(results.at(-1)!.probabilities.map(Math.round)).toEqual(targets);
  });
});

describe.each([adam, { ...sgd, momentum: 0.9 }] as const)('a training by $optimizer', (config) => {
  const rate = 0.05;
  const filesOf = (model: NgramsModel) => writeNgrams(model);
  const run = (stops: readonly number[]) => {
    let model = createNgrams({ ...shape, hidden: 3 }, classes, 1);
    let step = createNgramsStep(model, config);
    for (let count = 0; count < 8; count++) {
      if (stops.includes(count)) {
        const state = step.state();
        model = createNgrams({ ...shape, hidden: 3 }, classes, 1);
        step = createNgramsStep(model, config);
        // A step that was used before forgets its own state.
        step.run(batchOf(3, 99), rate);
        step.restore(state);
      }
      step.run(batchOf(4, count), rate);
    }
    return filesOf(model);
  };

  test('ends with the same bytes, however often it is stopped and resumed', () => {
    const whole = run([]);
    expect(run([])).toEqual(whole);
    expect(run([1, 5])).toEqual(whole);
  });

  test('refuses the state of another model', () => {
    const state = createNgramsStep(createNgrams(shape, classes, 1), config).state();
    const step = createNgramsStep(createNgrams({ ...shape, dimension: 5 }, classes, 1), config);
    expect(() => step.restore(state)).toThrow('expected');
  });
});
