import fc from 'fast-check';
import { expect, test } from 'vitest';
import { topologySize } from '../../../src/models/size/topology-size.ts';

const model = (...layers: object[]) => ({ config: { layers } });
const dense = { class_name: 'Dense', config: { units: 10 } };

test.each([
  ['an open axis beside one of size 0', { class_name: 'Reshape', config: { target_shape: [-1] } }],
  ['windows that do not move', { class_name: 'Conv2D', config: { strides: 0, kernel_size: 3 } }],
  ['fewer than no units', { class_name: 'Dense', config: { units: -5 } }],
])('a topology with %s is none, or has a size that a plan can keep', (_, layer) => {
  const size = topologySize(model(layer, dense), [8, 8, 0]);
  const figures = Object.values(size ?? {});
  expect(figures.every((figure) => Number.isFinite(figure) && figure >= 0)).toBe(true);
});

test('windows that do not move, and negative units, are not accepted', () => {
  const still = { class_name: 'Conv2D', config: { strides: 0, kernel_size: 3, filters: 4 } };
  expect(topologySize(model(still), [8, 8, 3])).toBeUndefined();
  const negative = { class_name: 'Dense', config: { units: -5 } };
  expect(topologySize(model(negative), [8])).toBeUndefined();
});

test('a layer that changes the range of pixels does not hide the size of the others', () => {
  const rescaling = { class_name: 'Rescaling', config: { scale: 1 / 255, offset: 0 } };
  expect(topologySize(model(rescaling, dense), [8])).toMatchObject({ macs: 80, parameters: 90 });
});

test.each([
  ['RepeatVector', { n: 1 }],
  ['Embedding', { input_dim: 1, output_dim: 1 }],
])('very many layers %s, which each add an axis, have no size', (class_name, config) => {
  const layers = Array.from({ length: 50_000 }, () => ({ class_name, config }));
  expect(topologySize(model(...layers), [8])).toBeUndefined();
  const inside = { class_name: 'Sequential', ...model(...layers) };
  expect(topologySize(model(inside, dense), [8])).toBeUndefined();
});

test('a shape of very many axes is not a size', () => {
  const target_shape = Array<number>(100_000).fill(1);
  const layers = Array.from({ length: 10_000 }, () => dense);
  const reshape = { class_name: 'Reshape', config: { target_shape } };
  expect(topologySize(model(reshape, ...layers), [1])).toBeUndefined();
});

test('whatever the JSON is, there is an answer that a plan can keep', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(fc.integer({ min: 0, max: 9 })), (json, shape) => {
      for (const given of [json, model({ class_name: 'Dense', config: json as object })]) {
        for (const figure of Object.values(topologySize(given, shape) ?? {})) {
          expect(Number.isFinite(figure) && figure >= 0).toBe(true);
        }
      }
    }),
  );
});
