// Recording a step computes it once: TensorFlow keeps the memory that this takes.
import { expect, test } from 'vitest';
import { type Binding, backend } from '../../src/models/kernels.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';
import { createGraphStep } from '../../src/train/graph-step.ts';

/** Bytes of one layer's outputs, for the batches below. */
const layerBytes = 4 * 16 * 32 * 32 * 8;

function convnet(depth: number): tfTypes.LayersModel {
  const { layers } = tf;
  const model = tf.sequential();
  model.add(layers.inputLayer({ inputShape: [32, 32, 8] }));
  for (let block = 0; block < depth; block++) {
    model.add(layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same' }));
    model.add(layers.batchNormalization());
    model.add(layers.activation({ activation: 'relu' }));
  }
  model.add(layers.globalAveragePooling2d({}));
  model.add(layers.dense({ units: 3 }));
  return model;
}

/** Runs a task; returns the maximum of the bytes of its tensors, and the tensors that are left. */
function watch(task: () => void): { mostBytes: number; left: number } {
  const real = backend.binding;
  const sizes = new Map<number, number>();
  let bytes = 0;
  let mostBytes = 0;
  const add = (id: number, shape: readonly number[]) => {
    sizes.set(id, 4 * tf.util.sizeFromShape([...shape]));
    bytes += sizes.get(id)!;
    mostBytes = Math.max(mostBytes, bytes);
  };
  const watched: Pick<Binding, 'createTensor' | 'deleteTensor' | 'executeOp'> = {
    createTensor(shape, type, values) {
      const id = real.createTensor(shape, type, values);
      add(id, shape);
      return id;
    },
    deleteTensor(id) {
      real.deleteTensor(id);
      bytes -= sizes.get(id) ?? 0;
      sizes.delete(id);
    },
    executeOp(op, attributes, ids, count) {
      const results = real.executeOp(op, attributes, ids, count);
      for (const { id, shape } of results) add(id, shape);
      return results;
    },
  };
  backend.binding = Object.create(real, Object.getOwnPropertyDescriptors(watched));
  try {
    task();
  } finally {
    backend.binding = real;
  }
  return { mostBytes, left: sizes.size };
}

test('recording takes the memory of a few layers, whatever their number', () => {
  const sgd = { optimizer: 'sgd', momentum: 0, weightDecay: 0 } as const;
  const model = convnet(12);
  const values = model.weights.map((weight) => weight.read().dataSync());
  const { mostBytes, left } = watch(() => createGraphStep(model, sgd, [16]).dispose());
  expect(mostBytes).toBeGreaterThan(2 * layerBytes);
  expect(mostBytes).toBeLessThan(8 * layerBytes);
  expect(left).toBe(0);
  expect(model.weights.map((weight) => weight.read().dataSync())).toEqual(values);
});
