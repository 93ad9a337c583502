import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mean, sum } from '../../src/arrays.ts';
import { randomFor } from '../../src/data/random.ts';
import { logLoss } from '../../src/debias/cross-entropy.ts';
import {
  crossFitMixture,
  fitMixture,
  type MixtureExamples,
  mix,
} from '../../src/debias/mixture.ts';
import { golden } from '../golden/golden.ts';

function lossOf(outputs: Float32Array, { labels, classes }: MixtureExamples): number {
  return mean(Float64Array.from(labels, (label, i) => logLoss(outputs[i * classes + label]!)));
}

describe.each(golden.mixture())("$name: scipy's weights", ({ classes, ...given }) => {
  const examples = {
    models: given.models.map((model) => Float32Array.from(model)),
    labels: Int32Array.from(given.labels),
    classes,
  };

  test('are found', () => {
    const weights = fitMixture(examples);
    expect(sum(weights)).toBeCloseTo(1, 12);
    for (const [m, weight] of weights.entries()) {
      expect(weight).toBeCloseTo(given.weights[m]!, 2);
    }
    const mixed = mix(examples.models, classes, () => weights);
    expect(lossOf(mixed, examples)).toBeCloseTo(given.logLoss, 5);
  });
});

/** Models whose answers lean to the true class by their skill. */
function simulate(seed: number, n: number, skills: readonly number[]): MixtureExamples {
  const random = randomFor(seed, n);
  const labels = Int32Array.from({ length: n }, () => Math.floor(random() * 3));
  const models = skills.map((skill) => {
    const outputs = new Float32Array(n * 3);
    for (const [i, label] of labels.entries()) {
      const row = [0, 1, 2].map((c) => Math.exp(3 * random() + (c === label ? skill : 0)));
      outputs.set(
        row.map((value) => value / sum(row)),
        i * 3,
      );
    }
    return outputs;
  });
  return { models, labels, classes: 3 };
}

const examplesOf = fc
  .tuple(
    fc.nat(),
    fc.integer({ min: 1, max: 80 }),
    fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 1, maxLength: 4 }),
  )
  .map(([seed, n, skills]) => simulate(seed, n, skills));

describe('a mixture', () => {
  test('is never worse than its best model on the labels that it is fitted to', () => {
    fc.assert(
      fc.property(examplesOf, (examples) => {
        const weights = fitMixture(examples);
        const mixed = mix(examples.models, 3, () => weights);
        const best = Math.min(...examples.models.map((model) => lossOf(model, examples)));
        expect(lossOf(mixed, examples)).toBeLessThan(best + 1e-4);
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 50 },
    );
  });

  test('does not depend on the order of the models', () => {
    fc.assert(
      fc.property(examplesOf, ({ models, labels, classes }) => {
        const folds = Int32Array.from(labels, (_, i) => i % 3);
        const one = crossFitMixture({ models, labels, classes }, folds, 3);
        const reversed = { models: models.toReversed(), labels, classes };
        const other = crossFitMixture(reversed, folds, 3);
        expect(other.isMixed).toBe(one.isMixed);
        for (const [m, weight] of one.whole.toReversed().entries()) {
          expect(other.whole[m]).toBeCloseTo(weight, 6);
        }
        expect(other.mixture.logLoss).toBeCloseTo(one.mixture.logLoss, 6);
      }),
      { numRuns: 20 },
    );
  });

  test('of one model is this model, bit for bit', () => {
    const [model] = simulate(1, 30, [1]).models;
    expect(mix([model!], 3, () => [1])).toEqual(model);
    expect(mix([undefined, model!], 3, () => [0, 1])).toEqual(model);
  });
});

describe('cross-fitting', () => {
  const folds = (n: number) => Int32Array.from({ length: n }, (_, i) => i % 5);

  test('mixes models that complement each other, and leaves out a model without skill', () => {
    const found = crossFitMixture(simulate(3, 400, [2, 0, 2]), folds(400), 5);
    expect(found.isMixed).toBe(true);
    expect(found.whole[1]).toBe(0);
    expect(found.folds.map((weights) => weights[1])).toEqual([0, 0, 0, 0, 0]);
    expect(found.whole[0]).toBeCloseTo(0.5, 0);
    const best = Math.min(...found.models.map(({ logLoss: loss }) => loss));
    expect(found.mixture.logLoss).toBeLessThan(best);
    expect(found.mixture.right).toBeGreaterThan(found.models[0]!.right);
  });

  test.each([
    ['the others add nothing', simulate(5, 200, [6, 0])],
    ['there are few labels', simulate(6, 19, [2, 1.9])],
  ])('chooses the best model if %s', (_, examples) => {
    const n = examples.labels.length;
    const {
      isMixed,
      whole,
      folds: byFold,
      models,
      mixture,
    } = crossFitMixture(examples, folds(n), 5);
    expect(isMixed).toBe(false);
    const best = models[0]!.logLoss < models[1]!.logLoss ? [1, 0] : [0, 1];
    expect([whole, ...byFold]).toEqual(Array.from({ length: 6 }, () => best));
    expect(mixture).toEqual(models[best.indexOf(1)]);
  });

  test('judges no example by weights that its label decided', () => {
    const examples = simulate(7, 400, [2, 2]);
    const before = crossFitMixture(examples, folds(400), 5);
    const labels = examples.labels.map((label, i) => (i % 20 === 2 ? (label + 1) % 3 : label));
    const after = crossFitMixture({ ...examples, labels }, folds(400), 5);
    expect(before.isMixed && after.isMixed).toBe(true);
    expect(after.folds[2]).toEqual(before.folds[2]);
    expect(after.folds[1]).not.toEqual(before.folds[1]);
  });

  test('refuses other numbers of folds or outputs', () => {
    const examples = simulate(8, 10, [1, 1]);
    expect(() => crossFitMixture(examples, folds(9), 5)).toThrow('expected 10 folds, got 9');
    const short = { ...examples, models: [new Float32Array(3), examples.models[1]!] };
    expect(() => fitMixture(short)).toThrow('expected 10 × 3 probabilities, got 3');
  });
});
