import { describe, expect, test } from 'vitest';
import { numbersOf } from '../../src/data/features/kind.ts';
import { randomFor } from '../../src/data/random.ts';
import { manyLabels } from '../../src/debias/decisions.ts';
import { backend } from '../../src/models/kernels.ts';
import { headSchema } from '../../src/models/networks/head.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';
import type { Batch } from '../../src/train/batch-shape.ts';
import { createEagerStep } from '../../src/train/eager-step.ts';
import { createGraphStep } from '../../src/train/graph-step.ts';
import type { LinearModel } from '../../src/train/logistic/labeled-rows.ts';
import {
  fitLogistic,
  labelScores,
  networkPenalty,
} from '../../src/train/logistic/logistic-regression.ts';
import type { Loss } from '../../src/train/losses/index.ts';
import type { OptimizerConfig } from '../../src/train/optimizer-rules.ts';
import type { StepSettings, TrainingStep } from '../../src/train/step.ts';
import { goldenTraining as golden } from '../golden/training.ts';
import {
  buildNetwork,
  randomBatch,
  smallConvnet,
  smallMlp,
  smallResnet,
} from '../support/networks.ts';

const goldenBatch: Batch = {
  size: golden.batch.weights.length,
  rows: { n: golden.batch.weights.length, values: Float32Array.from(golden.batch.features) },
  targets: Float32Array.from(golden.batch.targets),
  weights: Float32Array.from(golden.batch.weights),
  // SLaM's α is made of them: here they are it.
  teacherMargins: Float32Array.from(golden.batch.alphas),
};

type CreateStep = (
  model: tfTypes.LayersModel,
  config: OptimizerConfig,
  batchSize: number,
  settings?: StepSettings,
) => TrainingStep;

const kinds: Record<string, CreateStep> = {
  graph: (model, config, batchSize, settings) =>
    createGraphStep(model, config, [batchSize], settings),
  eager: (model, config, _, settings) => createEagerStep(model, config, settings),
};

/** The network of the golden file, at its start. */
async function goldenStep(create: CreateStep, config: OptimizerConfig, settings?: StepSettings) {
  const model = await buildNetwork({ ...smallMlp, width: 6 }, [5], 4, 1);
  const step = create(model, config, goldenBatch.size, settings);
  const state = step.state();
  for (const [name, values] of Object.entries(golden.start)) {
    state.get(name)!.values = Float32Array.from(values);
  }
  step.restore(state);
  return { model, step };
}

function expectClose(found: Float32Array, expected: readonly number[], digits = 5) {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, digits);
  });
}

const plainSgd = { optimizer: 'sgd', momentum: 0, weightDecay: 0 } as const;

describe.each(Object.entries(kinds))('%s', (_, create) => {
  for (const optimizer of ['adam', 'sgd'] as const) {
    test(`three steps of ${optimizer} are numpy's`, async () => {
      const { momentum, weightDecay } = golden;
      const { step } = await goldenStep(create, { optimizer, momentum, weightDecay });
      for (const { loss, values } of golden[optimizer]) {
        expect(step.run(goldenBatch, golden.learningRate).loss).toBeCloseTo(loss, 5);
        const state = step.state();
        for (const [name, expected] of Object.entries(values)) {
          expectClose(state.get(name)!.values, expected);
        }
      }
    });
  }

  const losses: readonly Exclude<Loss, Loss<'binaryCrossEntropy'>>[] = [
    { kind: 'crossEntropy' },
    { kind: 'mse' },
    { kind: 'slam', mixing: { alpha: (margin) => margin, topK: golden.topK } },
    {
      kind: 'mcmi',
      classMeans: Float32Array.from(golden.batch.classMeans),
      strength: golden.strength,
    },
  ];
  test.each(losses)(
    "the weighted $kind, its gradients and the probabilities are numpy's",
    async (used) => {
      const { step } = await goldenStep(create, plainSgd, { loss: used });
      const expected = golden.losses[used.kind];
      const before = step.state();
      let seen = new Float32Array();
      const { loss, weights } = step.run(
        { ...goldenBatch, weights: new Float32Array(goldenBatch.size).fill(9) },
        1,
        (_, probabilities) => {
          seen = Float32Array.from(probabilities);
          return goldenBatch.weights;
        },
      );
      expect(loss).toBeCloseTo(expected.loss, 5);
      expect(weights).toEqual(goldenBatch.weights);
      expectClose(seen, golden.probabilities);
      const after = step.state();
      for (const [name, gradient] of Object.entries(expected.gradients)) {
        const start = before.get(name)!.values;
        expectClose(
          after.get(name)!.values.map((value, i) => start[i]! - value),
          gradient,
        );
      }
    },
  );

  test('logits in the thousands give a finite loss', async () => {
    const { step } = await goldenStep(create, plainSgd);
    const values = numbersOf(goldenBatch.rows).map((value) => 1000 * value);
    const rows = { ...goldenBatch.rows, values };
    const { loss } = step.run({ ...goldenBatch, rows }, 0.1);
    expect(loss).toBeGreaterThan(100);
    expect(loss).toBeLessThan(1e5);
  });

  test('weights of 0 leave the parameters as they are, but for weight decay', async () => {
    const model = await buildNetwork(smallConvnet, [8, 8, 1], 3, 1);
    const step = create(model, { ...smallConvnet, weightDecay: 0.5 }, 8);
    const before = step.state();
    const batch = randomBatch(8, [8, 8, 1], 3, 0);
    step.run({ ...batch, weights: new Float32Array(8) }, 0.1);
    for (const [name, { values }] of step.state()) {
      const start = before.get(name)!.values;
      if (name.includes('moving')) expect(values).not.toEqual(start);
      else if (name === 'optimizer/steps') expect(values).toEqual(Float32Array.of(1));
      else if (!name.startsWith('adam/') && name.endsWith('kernel')) {
        expectClose(
          values,
          Array.from(start, (value) => value * 0.95),
        );
      } else expect(values).toEqual(start);
    }
  });

  test('a weight of 2 counts like the example twice', async () => {
    const { rows, targets, ...rest } = randomBatch(4, [5], 3, 0);
    const { values } = rows;
    // The last example is the first again, or counts nothing.
    const batch = {
      ...rest,
      rows: { n: 4, values: Float32Array.of(...values.subarray(0, 15), ...values.subarray(0, 5)) },
      targets: Float32Array.of(...targets.subarray(0, 9), ...targets.subarray(0, 3)),
    };
    const [twice, weighted] = await Promise.all(
      [Float32Array.of(1, 1, 1, 1), Float32Array.of(2, 1, 1, 0)].map(async (weights) => {
        const step = create(await buildNetwork(smallMlp, [5], 3, 1), smallMlp, 4);
        const { loss } = step.run({ ...batch, weights }, 0.1);
        return { loss, state: step.state() };
      }),
    );
    expect(weighted!.loss).toBeCloseTo(twice!.loss, 5);
    for (const [name, { values }] of weighted!.state) {
      expectClose(values, Array.from(twice!.state.get(name)!.values));
    }
  });

  test('an mlp learns which octant a point is in', async () => {
    const model = await buildNetwork({ ...smallMlp, width: 32, depth: 2 }, [3], 8, 1);
    const step = create(model, { ...smallMlp, weightDecay: 0 }, 64);
    let loss = Number.POSITIVE_INFINITY;
    for (let count = 0; count < 300; count++) {
      const points = randomBatch(64, [3], 2, count).rows.values.map((value) => value - 0.25);
      const targets = new Float32Array(64 * 8);
      for (let i = 0; i < 64; i++) {
        const [x, y, z] = points.subarray(3 * i);
        targets[8 * i + (x! > 0 ? 1 : 0) + (y! > 0 ? 2 : 0) + (z! > 0 ? 4 : 0)] = 1;
      }
      const batch = { size: 64, rows: { n: 64, values: points }, targets };
      const ones = new Float32Array(64).fill(1);
      ({ loss } = step.run({ ...batch, teacherMargins: ones, weights: ones }, 0.01));
    }
    expect(loss).toBeLessThan(0.25);
  });

  test('a linear head with a penalty becomes the logistic regression with that penalty', async () => {
    const [n, length, classes, penalty] = [60, 6, 3, 0.05];
    const batch = randomBatch(n, [length], classes, 7);
    const labels = Int32Array.from({ length: n }, (_, i) =>
      batch.targets.subarray(i * classes, (i + 1) * classes).indexOf(1),
    );
    const { values } = batch.rows;
    const { signal } = new AbortController();
    const expected = await fitLogistic(
      { values, length, labels, classes },
      1 / (penalty * n),
      signal,
    );
    const head = headSchema.parse({ encoder: 'models/encoder', head: 'linear' });
    const step = create(await buildNetwork(head, [length], classes, 1), head, n, { penalty });
    for (let count = 0; count < 300; count++) {
      step.run(batch, 0.03 * (1 + Math.cos((Math.PI * count) / 300)));
    }
    const kernel = step.state().get('classes/kernel')!.values;
    expectClose(kernel, [...expected.kernel], 3);
  });

  test('a linear head of labels becomes the logistic regressions of the labels', async () => {
    const [n, length, labels, c] = [60, 6, 4, 0.3];
    const batch = randomBatch(n, [length], labels, 7);
    const random = randomFor(3);
    const targets = Float32Array.from({ length: n * labels }, () => Math.round(random()));
    const { signal } = new AbortController();
    const models: LinearModel[] = [];
    for (let label = 0; label < labels; label++) {
      const decided = Int32Array.from({ length: n }, (_, i) => targets[i * labels + label]!);
      const rows = { values: batch.rows.values, length, labels: decided, classes: 2 };
      models.push(await fitLogistic(rows, c, signal));
    }
    const head = headSchema.parse({ encoder: 'models/encoder', head: 'linear' });
    const penalty = networkPenalty(c, n, manyLabels(labels));
    const loss = { kind: 'binaryCrossEntropy' } as const;
    const model = await buildNetwork(head, [length], labels, 1);
    const step = create(model, head, n, { penalty, loss });
    const ones = new Float32Array(n * labels).fill(1);
    for (let count = 0; count < 300; count++) {
      const rate = 0.03 * (1 + Math.cos((Math.PI * count) / 300));
      step.run({ ...batch, targets, teacherMargins: ones, weights: ones }, rate);
    }
    const kernel = step.state().get('classes/kernel')!.values;
    expectClose(kernel, [...labelScores(models).kernel], 2);
  });

  test('no tensor is left behind in 200 steps, nor by the whole', async () => {
    const atStart = tf.memory().numTensors;
    const graphs = backend.getNumOfSavedModels();
    const model = await buildNetwork(smallConvnet, [8, 8, 1], 3, 1);
    const withModel = tf.memory().numTensors;
    const step = create(model, smallConvnet, 8);
    const batch = randomBatch(8, [8, 8, 1], 3, 0);
    const reweigh = (batch: Batch) => batch.weights;
    step.run(batch, 0.01);
    step.run(batch, 0.01, reweigh);
    const afterFirst = tf.memory();
    for (let count = 0; count < 200; count++) step.run(batch, 0.01, reweigh);
    step.restore(step.state());
    expect(tf.memory().numTensors).toBe(afterFirst.numTensors);
    expect(tf.memory().numBytes).toBe(afterFirst.numBytes);
    step.dispose();
    expect(tf.memory().numTensors).toBe(withModel);
    expect(backend.getNumOfSavedModels()).toBe(graphs);
    model.dispose();
    expect(tf.memory().numTensors).toBe(atStart);
  });

  for (const [network, shape] of [
    [smallConvnet, [8, 8, 1]],
    [smallResnet, [8, 8, 3]],
  ] as const) {
    test(`the fused kernels train a ${network.architecture} as the layers of tfjs do`, async () => {
      const batch = randomBatch(8, shape, 3, 0);
      const [fused, plain] = await Promise.all(
        [1, 1].map((s) => buildNetwork(network, shape, 3, s)),
      );
      const step = create(fused!, plainSgd, 8);
      step.run(batch, 1);
      step.updateModel();
      tf.train.sgd(1).minimize(() => {
        const features = tf.tensor(batch.rows.values, [8, ...shape]);
        const logits = plain!.apply(features, { training: true }) as tfTypes.Tensor2D;
        return tf.losses.softmaxCrossEntropy(tf.tensor2d(batch.targets, [8, 3]), logits);
      });
      for (const [index, { originalName }] of fused!.weights.entries()) {
        const [found, expected] = [fused!.weights, plain!.weights].map((weights) =>
          weights[index]!.read().dataSync<'float32'>(),
        );
        // The fused kernel's moving variance is the unbiased one, as in Keras.
        expectClose(found!, Array.from(expected!), originalName.endsWith('variance') ? 1 : 4);
      }
    });
  }

  test('with several threads, the same steps give the same bits', async () => {
    expect(Number(process.env.TF_NUM_INTRAOP_THREADS)).toBeGreaterThan(1);
    const large = { ...smallConvnet, width: 8 };
    const run = async () => {
      const model = await buildNetwork(large, [28, 28, 1], 10, 1);
      const step = create(model, large, 128);
      for (let count = 0; count < 5; count++)
        step.run(randomBatch(128, [28, 28, 1], 10, count), 0.01);
      return step.state();
    };
    expect(await run()).toEqual(await run());
  });

  test('a state of another model is refused', async () => {
    const step = create(await buildNetwork(smallMlp, [5], 3, 1), smallMlp, 8);
    const wider = create(await buildNetwork({ ...smallMlp, width: 7 }, [5], 3, 1), smallMlp, 8);
    const sgd = { ...smallMlp, optimizer: 'sgd' } as const;
    const withSgd = create(await buildNetwork(smallMlp, [5], 3, 1), sgd, 8);
    expect(() => step.restore(wider.state())).toThrow("'dense1/kernel' is [5,7]; expected [5,6]");
    expect(() => step.restore(withSgd.state())).toThrow("no 'sgd/velocity/dense1/kernel'");
  });
});

test('labels with weights of their own train alike, as a graph and operation by operation', async () => {
  const targets = Float32Array.from({ length: 24 }, (_, i) => [0, 1, 0.3, 1, 0][i % 5]!);
  const weights = targets.map((_, i) => (i % 7) / 3);
  const batch = { ...randomBatch(8, [5], 3, 1), targets, weights, teacherMargins: weights };
  const reweigh = (_: Batch, probabilities: Float32Array) => probabilities.map((p) => 2 * p);
  const [graph, eager] = await Promise.all(
    Object.values(kinds).map(async (create) => {
      const model = await buildNetwork(smallMlp, [5], 3, 1);
      const step = create(model, smallMlp, 8, { loss: { kind: 'binaryCrossEntropy' } });
      const first = step.run(batch, 0.1);
      const second = step.run(batch, 0.1, reweigh);
      return { first, second, state: step.state() };
    }),
  );
  for (const result of ['first', 'second'] as const) {
    expect(graph![result].loss).toBeCloseTo(eager![result].loss, 5);
    for (const numbers of ['weights', 'probabilities'] as const) {
      expectClose(graph![result][numbers], [...eager![result][numbers]]);
    }
  }
  expect(graph!.second.weights).toEqual(graph!.second.probabilities.map((p) => 2 * p));
  for (const [name, { values }] of graph!.state) {
    expectClose(values, [...eager!.state.get(name)!.values], 4);
  }
});
