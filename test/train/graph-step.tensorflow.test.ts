import { expect, test, vi } from 'vitest';
import type { Network } from '../../src/models/networks/index.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';
import type { Batch } from '../../src/train/batch-shape.ts';
import { createTrainingStep } from '../../src/train/create-step.ts';
import { createEagerStep } from '../../src/train/eager-step.ts';
import { createGraphStep } from '../../src/train/graph-step.ts';
import { learningRateAt } from '../../src/train/schedule.ts';
import {
  buildNetwork,
  randomBatch,
  smallConvnet,
  smallMlp,
  smallResnet,
} from '../support/networks.ts';

/** Layers of users' topologies and of networks for photos, and batch norm on images and rows. */
async function ownNetwork(): Promise<tfTypes.LayersModel> {
  const layers = [
    tf.layers.separableConv2d({ name: 'conv', filters: 4, kernelSize: 3 }),
    tf.layers.leakyReLU({ name: 'leaky' }),
    tf.layers.zeroPadding2d({ name: 'pad', padding: 1 }),
    tf.layers.depthwiseConv2d({ name: 'depthwise', kernelSize: 3, strides: 2, useBias: false }),
    tf.layers.batchNormalization({ name: 'norm_image' }),
    // tfjs knows relu6, and its type does not.
    tf.layers.activation({ name: 'relu6', activation: 'relu6' }),
    tf.layers.averagePooling2d({ name: 'average', poolSize: 2, strides: 1 }),
    tf.layers.globalAveragePooling2d({ name: 'pool' }),
    tf.layers.dropout({ name: 'drop', rate: 0.4 }),
    tf.layers.dense({ name: 'dense', units: 8, activation: 'tanh' }),
    tf.layers.batchNormalization({ name: 'norm' }),
    tf.layers.dense({ name: 'classes', units: 3 }),
  ];
  const model = tf.sequential({ name: 'own' });
  model.add(tf.layers.inputLayer({ inputShape: [8, 8, 3] }));
  for (const layer of layers) model.add(layer);
  const values = model.weights.map(({ shape, name }, index) =>
    name.includes('variance')
      ? tf.ones(shape as number[])
      : tf.randomNormal(shape as number[], 0, 0.3, 'float32', index + 1),
  );
  model.setWeights(values);
  tf.dispose(values);
  return model;
}

const students: Record<string, { shape: number[]; build: () => Promise<tfTypes.LayersModel> }> = {
  mlp: built(smallMlp, [5]),
  convnet: built({ ...smallConvnet, width: 8 }, [8, 8, 3]),
  resnet: built({ ...smallResnet, width: 4 }, [8, 8, 3]),
  'layers-model': { shape: [8, 8, 3], build: ownNetwork },
};

function built(network: Network, shape: number[]) {
  return { shape, build: () => buildNetwork(network, shape, 3, 1) };
}

/** Computes weights from the student's outputs. */
function reweigh(batch: Batch, probabilities: Float32Array): Float32Array {
  return batch.weights.map((_, i) => 0.5 + probabilities[3 * i]!);
}

for (const [name, { shape, build }] of Object.entries(students)) {
  for (const optimizer of ['adam', 'sgd'] as const) {
    test(`80 steps of ${optimizer} give a ${name} the losses of the eager step`, async () => {
      const config = { optimizer, momentum: 0.9, weightDecay: 0.01 };
      const graph = createGraphStep(await build(), config, [16, 5], { seed: 7 });
      const eager = createEagerStep(await build(), config, { seed: 7 });
      const schedule = { learningRate: 2e-3, schedule: 'cosine' } as const;
      let first = 0;
      let last = 0;
      for (let count = 0; count < 80; count++) {
        // Every fifth batch is a smaller one, and every other one is weighed in the step.
        const batch = randomBatch(count % 5 === 4 ? 5 : 16, shape, 3, count);
        const rate = learningRateAt(count, 80, schedule);
        const how = count % 2 === 0 ? reweigh : undefined;
        const [found, expected] = [graph, eager].map((step) => step.run(batch, rate, how));
        expect(Math.abs(found!.loss - expected!.loss)).toBeLessThan(1e-4);
        found!.probabilities.forEach((value, i) => {
          expect(Math.abs(value - expected!.probabilities[i]!)).toBeLessThan(1e-2);
        });
        if (count < 10) first += found!.loss;
        if (count >= 70) last += found!.loss;
      }
      expect(last).toBeLessThan(first);
      const expected = eager.state();
      for (const [name, { values }] of graph.state()) {
        const other = expected.get(name)!.values;
        expect(Math.max(...values.map((value, i) => Math.abs(value - other[i]!)))).toBeLessThan(
          1e-2,
        );
      }
    });
  }

  test(`a restored ${name} continues to the same bytes`, async () => {
    const run = (step: ReturnType<typeof createGraphStep>, from: number, to: number) => {
      for (let count = from; count < to; count++) {
        step.run(randomBatch(8, shape, 3, count), 0.01, count % 2 === 0 ? reweigh : undefined);
      }
    };
    const undisturbed = createGraphStep(await build(), smallMlp, [8], { seed: 7 });
    run(undisturbed, 0, 6);
    const stopped = createGraphStep(await build(), smallMlp, [8], { seed: 7 });
    run(stopped, 0, 3);
    const state = stopped.state();
    const copy = structuredClone(state);
    const resumed = createGraphStep(await build(), smallMlp, [8], { seed: 7 });
    resumed.restore(state);
    run(resumed, 3, 6);
    expect(resumed.state()).toEqual(undisturbed.state());
    // The session works on memory of its own.
    expect(state).toEqual(copy);
  });
}

test('the weights made in between count as those given', async () => {
  const batch = randomBatch(8, [8, 8, 3], 3, 0);
  const weights = Float32Array.from(batch.weights, (_, i) => i / 8);
  const network = { ...smallConvnet, width: 8 };
  const [given, made] = await Promise.all(
    [undefined, () => weights].map(async (reweigh) => {
      const model = await buildNetwork(network, [8, 8, 3], 3, 1);
      const step = createGraphStep(model, network, [8]);
      const { loss } = step.run({ ...batch, weights }, 0.01, reweigh);
      return { loss, state: step.state() };
    }),
  );
  expect(made!.loss).toBeCloseTo(given!.loss, 6);
  for (const [name, { values }] of made!.state) {
    const other = given!.state.get(name)!.values;
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(other[i]!, 5);
  }
});

test('a step whose weights cannot be made is as if it had not been', async () => {
  const batches = [0, 1].map((seed) => randomBatch(8, [5], 3, seed));
  const [broken, whole] = await Promise.all(
    [true, false].map(async (breaks) => {
      const step = createGraphStep(await buildNetwork(smallMlp, [5], 3, 1), smallMlp, [8]);
      const fail = () => {
        throw new Error('no weights');
      };
      if (breaks) expect(() => step.run(batches[0]!, 0.01, fail)).toThrow('no weights');
      step.run(batches[1]!, 0.01, reweigh);
      return step.state();
    }),
  );
  expect(broken).toEqual(whole);
});

test('the model changes only with updateModel', async () => {
  const model = await buildNetwork(smallConvnet, [8, 8, 1], 3, 1);
  const values = () => model.weights.map((weight) => weight.read().dataSync());
  const before = values();
  const step = createGraphStep(model, smallConvnet, [8]);
  step.run(randomBatch(8, [8, 8, 1], 3, 0), 0.01);
  expect(values()).toEqual(before);
  step.updateModel();
  const state = step.state();
  expect(values()).toEqual(
    model.weights.map(({ originalName }) => state.get(originalName)!.values),
  );
  expect(values()).not.toEqual(before);
});

test('dropout leaves out its share, another one at each step', async () => {
  const build = () => {
    const model = tf.sequential({ name: 'drop' });
    model.add(tf.layers.inputLayer({ inputShape: [1000] }));
    model.add(tf.layers.dropout({ name: 'drop', rate: 0.25 }));
    model.add(tf.layers.dense({ name: 'classes', units: 2, kernelInitializer: 'zeros' }));
    return model;
  };
  const sgd = { optimizer: 'sgd', momentum: 0, weightDecay: 0 } as const;
  const batch = {
    size: 1,
    rows: { n: 1, values: new Float32Array(1000).fill(1) },
    targets: Float32Array.of(1, 0),
    teacherMargins: new Float32Array(1),
    weights: new Float32Array(1).fill(1),
  };
  // The gradient of the kernel is 0 where the feature was left out.
  const kernel = (step: ReturnType<typeof createGraphStep>) =>
    step
      .state()
      .get('classes/kernel')!
      .values.filter((_, i) => i % 2 === 0);
  const step = createGraphStep(build(), sgd, [1], { seed: 3 });
  step.run(batch, 1);
  const first = kernel(step);
  const kept = first.filter((value) => value !== 0);
  expect(kept.length / 1000).toBeGreaterThan(0.7);
  expect(kept.length / 1000).toBeLessThan(0.8);
  for (const value of kept) expect(value).toBeCloseTo(0.5 / 0.75, 4);
  step.run(batch, 1);
  const second = kernel(step).map((value, i) => value - first[i]!);
  expect(second.map((value) => (value === 0 ? 0 : 1))).not.toEqual(
    first.map((value) => (value === 0 ? 0 : 1)),
  );
  const other = createGraphStep(build(), sgd, [1], { seed: 4 });
  other.run(batch, 1);
  expect(kernel(other)).not.toEqual(first);
});

test('a step that cannot be a graph is trained operation by operation, with a warning', async () => {
  const model = tf.sequential({ name: 'words' });
  // It looks at its indices, to see that they are in bounds.
  model.add(tf.layers.embedding({ name: 'embed', inputDim: 9, outputDim: 2, inputShape: [5] }));
  model.add(tf.layers.flatten({ name: 'flatten' }));
  model.add(tf.layers.dense({ name: 'classes', units: 3 }));
  const warn = vi.fn();
  const step = createTrainingStep(model, smallMlp, { batchSizes: [8], seed: 1, warn });
  expect(warn.mock.calls.flat().join()).toContain('slower: it reads a value back');
  const batch = randomBatch(8, [5], 3, 0);
  const rows = { n: 8, values: batch.rows.values.map((_, i) => i % 9) };
  const losses = Array.from({ length: 20 }, () => step.run({ ...batch, rows }, 0.05).loss);
  expect(losses.at(-1)!).toBeLessThan(losses[0]!);
});
