import { describe, expect, test } from 'vitest';
import { mean } from '../../../src/arrays.ts';
import { randomFor } from '../../../src/data/random.ts';
import { isClearGain } from '../../../src/debias/cross-fit-calibration.ts';
import { tf } from '../../../src/tensorflow.ts';
import {
  bestPenalty,
  crossValidate,
  stratifiedFolds,
  weakestPenalty,
} from '../../../src/train/logistic/cross-validation.ts';
import {
  type LabeledRows,
  type LinearModel,
  sampleRows,
} from '../../../src/train/logistic/labeled-rows.ts';
import {
  fitLogistic,
  labelScores,
  startModel,
} from '../../../src/train/logistic/logistic-regression.ts';
import { rotatedBack, toPrincipalAxes } from '../../../src/train/logistic/principal-axes.ts';
import { scaleColumns, unscaled } from '../../../src/train/logistic/scaling.ts';
import { golden } from '../../golden/golden.ts';

const { signal } = new AbortController();

/** Probabilities of a model, row-major. @param values [n, length] */
function predict({ kernel, bias }: LinearModel, values: readonly number[]): number[] {
  const classes = bias.length;
  const length = kernel.length / classes;
  const rows = values.length / length;
  return Array.from({ length: rows }, (_, row) => {
    const logits = Array.from(bias, (intercept, c) => {
      let logit = intercept;
      for (let j = 0; j < length; j++)
        logit += values[row * length + j]! * kernel[j * classes + c]!;
      return logit;
    });
    const exponentials = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    return exponentials.map((value) => value / total);
  }).flat();
}

function furthest(a: readonly number[], b: readonly number[]): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe.each(golden.logistic())('against scikit-learn: $name', (expected) => {
  const { values, labels, classes, folds } = expected;
  const rows: LabeledRows = {
    values: Float32Array.from(values),
    length: values.length / labels.length,
    labels: Int32Array.from(labels),
    classes,
  };

  test('the probabilities', async () => {
    const rotated = toPrincipalAxes({ ...rows, values: rows.values.slice() });
    for (const [penalty, probabilities] of Object.entries(expected.probabilities)) {
      const models = [
        await fitLogistic(rows, Number(penalty), signal),
        rotatedBack(await fitLogistic(rotated.rows, Number(penalty), signal), rotated.axes!),
      ];
      for (const model of models) {
        expect(furthest(predict(model, expected.queries), probabilities)).toBeLessThan(1e-3);
      }
    }
  });

  test('the log-loss by cross-validation, and the penalty that it chooses', async () => {
    const measured = await crossValidate(rows, { foldOf: Int32Array.from(folds) }, signal);
    const losses = Object.entries(expected.losses);
    for (const [penalty, loss] of losses) {
      const found = measured.find((one) => Math.abs(one.penalty / Number(penalty) - 1) < 1e-9);
      if (found) expect(found.logLoss).toBeCloseTo(loss, 3);
    }
    const penalty = bestPenalty(measured);
    const found = measured.find((one) => one.penalty === penalty)!;
    // The golden file has every second penalty of a part of the grid.
    expect(found.logLoss).toBeLessThan(Math.min(...losses.map(([, loss]) => loss)) + 1e-3);
  });
});

const small: LabeledRows = {
  values: Float32Array.of(0, 1, 0.2, 0.9, 1, 0, 0.8, 0.1),
  length: 2,
  labels: Int32Array.of(0, 0, 2, 2),
  classes: 3,
};

describe('logistic regression', () => {
  test('gives a class without labels a small probability, and ends', async () => {
    const model = await fitLogistic(small, 1e3, signal);
    expect([...model.kernel, ...model.bias].every(Number.isFinite)).toBe(true);
    const [, none] = predict(model, [0.5, 0.5]);
    expect(none).toBeGreaterThan(0);
    expect(none).toBeLessThan(0.2);
  });

  test('frees its tensors, also when it is stopped', async () => {
    const before = tf.memory().numTensors;
    await crossValidate(small, { foldOf: Int32Array.of(0, 1, 0, 1) }, signal);
    const { rows, axes } = toPrincipalAxes({ ...small, values: small.values.slice() });
    rotatedBack(startModel(rows), axes!);
    const stopped = AbortSignal.abort(new Error('stopped'));
    await expect(fitLogistic(small, 1, stopped)).rejects.toThrow('stopped');
    expect(tf.memory().numTensors).toBe(before);
  });

  test('gives the same numbers again', async () => {
    expect(await fitLogistic(small, 1, signal)).toEqual(await fitLogistic(small, 1, signal));
  });
});

test('features of small scale get a weak penalty, although strong ones are alike', async () => {
  const [n, classes, length] = [60, 10, 16];
  const random = randomFor(3);
  const labels = Int32Array.from({ length: n }, (_, row) => row % classes);
  const values = Float32Array.from({ length: n * length }, (_, index) => {
    const column = index % length;
    const noise = random() + random() + random() - 1.5;
    const isSignal = column % classes === labels[Math.floor(index / length)];
    return 0.01 * (5 + noise * (1 + (column % 4)) + (isSignal ? 0.7 : 0));
  });
  const measured = await crossValidate(
    { values, labels, classes, length },
    { foldOf: stratifiedFolds(labels, 5, 1) },
    signal,
  );
  expect(bestPenalty(measured)).toBeGreaterThan(1);
});

test('the weakest penalty is chosen of those that are alike within one standard error', () => {
  const measured = [
    { penalty: 0.1, losses: [2, 2, 2, 2] },
    { penalty: 1, losses: [1, 1, 1, 1] },
    // Worse by 0.25, with a standard error of 0.25.
    { penalty: 10, losses: [1, 1, 1, 2] },
    // Worse by 0.5, with a standard error of 0.29.
    { penalty: 100, losses: [1, 1, 2, 2] },
  ].map(({ penalty, losses }) => ({
    penalty,
    logLoss: mean(losses),
    losses: Float64Array.from(losses),
  }));
  expect(bestPenalty(measured)).toBe(1);
  expect(weakestPenalty(measured, isClearGain)).toBe(10);
});

test('the search continues to weaker penalties until they are clearly worse', async () => {
  const n = 20;
  const random = randomFor(9);
  const labels = Int32Array.from({ length: n }, (_, row) => row % 2);
  const values = Float32Array.from(labels, (label) => label + 3 * (random() - 0.5));
  const rows = { values, labels, classes: 2, length: 1 };
  const splits = { foldOf: stratifiedFolds(labels, 5, 1) };
  const byMean = await crossValidate(rows, splits, signal);
  const measured = await crossValidate(rows, splits, signal, isClearGain);
  expect(measured.length).toBeGreaterThan(byMean.length);
  expect(measured.every(({ losses }) => losses.length === n)).toBe(true);
  expect(bestPenalty(measured)).toBe(bestPenalty(byMean));
});

test('the models of labels are joined: sigmoid gives the probability of each', async () => {
  const random = randomFor(4);
  const values = Array.from({ length: 3 * 40 }, () => 2 * random() - 1);
  const labelRows = [0, 1, 2].map((label) => {
    // The last label is in no example.
    const labels = Int32Array.from({ length: 40 }, (_, row) =>
      label < 2 && values[3 * row + label]! + random() > 0.5 ? 1 : 0,
    );
    return { values: Float32Array.from(values), length: 3, labels, classes: 2 };
  });
  const models = await Promise.all(labelRows.map((rows) => fitLogistic(rows, 1, signal)));
  const joined = labelScores(models);
  const mean = Float64Array.of(0.5, 0, -1);
  const scaling = { mean, scale: Float64Array.of(2, 1, 0.5) };
  const scaled = values.map((value, i) => (value - mean[i % 3]!) / scaling.scale[i % 3]!);
  for (const [label, model] of models.entries()) {
    const yes = predict(model, values).filter((_, i) => i % 2 === 1);
    const scores = (fitted: LinearModel, rows: readonly number[]) =>
      yes.map((_, row) => {
        let score = fitted.bias[label]!;
        for (let j = 0; j < 3; j++) score += rows[3 * row + j]! * fitted.kernel[3 * j + label]!;
        return 1 / (1 + Math.exp(-score));
      });
    expect(furthest(scores(joined, values), yes)).toBeLessThan(1e-9);
    const plain = unscaled(joined, scaling);
    expect(furthest(scores(plain, values), scores(joined, scaled))).toBeLessThan(1e-9);
  }
});

test('folds have about the same share of every class', () => {
  const labels = Int32Array.from({ length: 50 }, (_, i) => (i < 40 ? 0 : 1));
  const foldOf = stratifiedFolds(labels, 5, 1);
  for (let fold = 0; fold < 5; fold++) {
    const inFold = labels.filter((_, i) => foldOf[i] === fold);
    expect(inFold.filter((label) => label === 0)).toHaveLength(8);
    expect(inFold.filter((label) => label === 1)).toHaveLength(2);
  }
  expect(stratifiedFolds(labels, 5, 1)).toEqual(foldOf);
  expect(stratifiedFolds(labels, 5, 2)).not.toEqual(foldOf);
});

test('a sample has whole examples, and at least one', () => {
  const { values, labels } = sampleRows(small, 2, 1);
  expect(labels).toHaveLength(2);
  expect(values).toHaveLength(4);
  const pairs = Array.from({ length: 4 }, (_, i) => [...small.values.subarray(2 * i, 2 * i + 2)]);
  expect(pairs).toContainEqual([...values.subarray(0, 2)]);
  expect(sampleRows(small, 0, 1).labels).toHaveLength(1);
  expect(sampleRows(small, 9, 1)).toBe(small);
});

test('with fewer examples than features, there is an axis per example, and the same model', async () => {
  const [n, length, classes] = [6, 40, 2];
  const random = randomFor(5);
  const values = Float32Array.from({ length: n * length }, (_, i) => random() * (1 + (i % length)));
  const rows = { values, length, labels: Int32Array.of(0, 1, 0, 1, 1, 0), classes };
  const { rows: rotated, axes } = toPrincipalAxes({ ...rows, values: values.slice() });
  expect(rotated.length).toBe(n);
  const model = rotatedBack(await fitLogistic(rotated, 0.01, signal), axes!);
  const expected = predict(await fitLogistic(rows, 0.01, signal), [...values]);
  expect(furthest(predict(model, [...values]), expected)).toBeLessThan(1e-3);
});

test('examples that are too wide for a rotation stay as they are', () => {
  const rows = { ...small, values: new Float32Array(4 * 2 ** 21), length: 2 ** 21 };
  expect(toPrincipalAxes(rows)).toEqual({ rows });
});

test('the search measures powers of ten, then their halves around the best', async () => {
  const values = Float32Array.from({ length: 40 }, (_, i) => (i % 2 ? 1 : -1) * (i % 5 ? 1 : -1));
  const rows = { values, length: 1, labels: Int32Array.from(values, (_, i) => i % 2), classes: 2 };
  const measured = await crossValidate(
    rows,
    { foldOf: Int32Array.from(values, (_, i) => i % 4) },
    signal,
  );
  const powers = measured.map(({ penalty }) => Math.log10(penalty));
  const best = Math.log10(bestPenalty(measured));
  expect(powers).toEqual(powers.toSorted((a, b) => a - b));
  const halves = powers.filter((power) => Math.abs(power - Math.round(power)) > 0.1);
  expect(halves).toHaveLength(2);
  for (const half of halves) expect(Math.abs(half - best)).toBeLessThan(1.01);
});

test('features of any scale give the same model as standardised ones', async () => {
  const raw = Float32Array.from(small.values, (value, i) => (i % 2 ? 1000 * value + 5000 : value));
  const rows = { ...small, values: raw.slice() };
  const scaling = scaleColumns(rows, true);
  const means = [0, 1].map(
    (j) => (rows.values[j]! + rows.values[j + 2]! + rows.values[j + 4]! + rows.values[j + 6]!) / 4,
  );
  expect(Math.max(...means.map(Math.abs))).toBeLessThan(1e-6);
  const scaled = await fitLogistic(rows, 1, signal);
  const model = unscaled(scaled, scaling);
  expect(furthest(predict(model, [...raw]), predict(scaled, [...rows.values]))).toBeLessThan(1e-5);
});

test('features that need no standard deviation are moved to mean 0', () => {
  const rows = {
    values: Float32Array.of(7, 1, 7, 5),
    length: 2,
    labels: Int32Array.of(0, 1),
    classes: 2,
  };
  const scaling = scaleColumns(rows, false);
  expect([...rows.values]).toEqual([0, -2, 0, 2]);
  const fitted = { kernel: Float64Array.of(5, 5, 1, 2), bias: Float64Array.of(0, 1) };
  const model = unscaled(fitted, scaling);
  expect([...model.kernel, ...model.bias]).toEqual([0, 0, 1, 2, -3, -5]);
});

test('a constant feature has no weight', () => {
  const rows = {
    values: Float32Array.of(7, 1, 7, 3),
    length: 2,
    labels: Int32Array.of(0, 1),
    classes: 2,
  };
  const scaling = scaleColumns(rows, true);
  expect([...rows.values]).toEqual([0, -1, 0, 1]);
  const model = unscaled(
    { kernel: Float64Array.of(5, 5, 1, 1), bias: Float64Array.of(0, 0) },
    scaling,
  );
  expect([...model.kernel]).toEqual([0, 0, 1, 1]);
});

describe('a cross-validation with pseudo-labels', () => {
  const [judged, others, length] = [100, 900, 5];
  const random = randomFor(11);
  const values = Float32Array.from({ length: (judged + others) * length }, () => random() - 0.5);
  const truth = Int32Array.from({ length: judged + others }, (_, row) =>
    Number(values[row * length]! + random() - 0.5 > 0),
  );
  // A teacher that is as sure of its mistakes as of the rest.
  const wrong = truth.map((label, i) => {
    const [first, second] = values.subarray(i * length);
    return i < judged ? label : Number(first! + second! > 0);
  });
  const rows = { values, length, classes: 2, labels: truth };
  const foldOf = truth.map((_, i) => (i < judged ? i % 5 : -1));
  const measure = (labelsWithout: (fold: number) => Int32Array) =>
    crossValidate(rows, { foldOf, labelsWithout }, signal);

  test('chooses a stronger penalty if they have mistakes', async () => {
    const [clean, noisy] = [await measure(() => truth), await measure(() => wrong)];
    expect(bestPenalty(noisy)).toBeLessThan(bestPenalty(clean));
  });

  test('gives each fold its own: the folds do not depend on each other', async () => {
    const lossWith = async (isWrong: (fold: number) => boolean) => {
      const measured = await measure((fold) => (isWrong(fold) ? wrong : truth));
      return measured.find(({ penalty }) => penalty === 0.1)!.logLoss;
    };
    const clean = await lossWith(() => false);
    let changes = 0;
    for (let one = 0; one < 5; one++) changes += (await lossWith((fold) => fold === one)) - clean;
    const change = (await lossWith(() => true)) - clean;
    expect(Math.abs(change)).toBeGreaterThan(1e-3);
    expect(changes).toBeCloseTo(change, 10);
  });
});
