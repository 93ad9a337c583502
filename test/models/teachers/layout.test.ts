import { describe, expect, test } from 'vitest';
import type { Features } from '../../../src/data/features/index.ts';
import { fromFloat16, toFloat16 } from '../../../src/float16.ts';
import type {
  InputTensor,
  LoadedModel,
  Output,
  Port,
} from '../../../src/models/teachers/loaded-model.ts';
import { modelTeacher } from '../../../src/models/teachers/model-teacher.ts';

const colour: Features = {
  ...{ kind: 'image', height: 4, width: 5, channels: 3 },
  ...{ mean: [0, 0, 0], std: [1, 1, 1] },
};
const grey: Features = {
  ...{ kind: 'image', height: 4, width: 5, channels: 1 },
  ...{ mean: [0], std: [1] },
};
const vector: Features = { kind: 'vector', length: 2 };
const open = [undefined, undefined, undefined, undefined];

/** A model that accepts some shapes, and gives the same scores for every example. */
function model(
  input: Port['shape'],
  scores: { shape: number[]; values: number[] },
  accepts: (shape: readonly number[]) => boolean = () => true,
  dtype = 'float32',
) {
  const fed: InputTensor[] = [];
  const loaded: LoadedModel = {
    inputs: [{ name: 'x', dtype, shape: input }],
    outputs: [{ name: 'y', dtype: 'float32', shape: undefined }],
    async run([feed]) {
      if (!accepts(feed!.shape)) throw new Error('wrong shape');
      fed.push(feed!);
      const n = feed!.shape[0]!;
      const values = Array.from({ length: n }, () => scores.values).flat();
      return [{ shape: [n, ...scores.shape], values: Float32Array.from(values) }];
    },
    dispose() {},
  };
  return { loaded, fed };
}

const three = { shape: [3], values: [0.5, 0.25, 0.25] };
const config = {
  name: 'the model',
  classes: ['a', 'b', 'c'],
  batchSize: 8,
  output: 'probabilities',
} as const;

describe('an input whose shape does not show the layout', () => {
  test('has to be set, if the model accepts both', async () => {
    const { loaded } = model(open, three);
    await expect(modelTeacher(loaded, { ...config, features: colour })).rejects.toMatchObject({
      message: expect.stringContaining('the model reads x: float32 [n, ?, ?, ?], which may be'),
      hint: expect.stringContaining('Set teacher.layout: NCHW if it was made with PyTorch'),
    });
  });
  test.each([
    ['NHWC', [2, 4, 5, 3]],
    ['NCHW', [2, 3, 4, 5]],
  ] as const)(
    'is %s by teacher.layout, or because the model accepts no other',
    async (layout, shape) => {
      for (const given of [
        { layout, model: model(open, three) },
        { layout: undefined, model: model(undefined, three, (fed) => fed[1] === shape[1]) },
      ]) {
        await modelTeacher(given.model.loaded, {
          ...{ ...config, features: colour },
          layout: given.layout,
        });
        expect(given.model.fed[0]!.shape).toEqual(shape);
      }
    },
  );
  test('does not matter for grey images', async () => {
    const { loaded, fed } = model(open, three);
    await modelTeacher(loaded, { ...config, features: grey });
    expect(fed[0]!.shape).toEqual([2, 4, 5, 1]);
  });
});

describe('the type of an input', () => {
  const pixels: Features = { ...grey, height: 1, width: 2, std: [1 / 255] };
  test.each([
    ['float64', vector, Float64Array.of(1.5, -0.25)],
    ['float16', vector, Uint16Array.of(0x3e00, 0xb400)],
    ['uint8', pixels, Uint8Array.of(2, 0)],
  ])('%s', async (dtype, features, expected) => {
    const { loaded, fed } = model(undefined, three, undefined, dtype);
    const teacher = await modelTeacher(loaded, { ...config, features });
    const [first, second] = dtype === 'uint8' ? [1.9999, 0] : [1.5, -0.25];
    await teacher.predict({ ids: ['a'], rows: { n: 1, values: Float32Array.of(first!, second!) } });
    expect(fed.at(-1)!.values).toEqual(expected);
  });
  test.each([
    ['uint8', colour, 'set teacher.preprocess: { scale: 0..255 }'],
    ['uint8', vector, 'Export it with a float32 input'],
    ['int64', vector, 'Export it with a float32 input'],
  ])('%s is refused if the features are of another', async (dtype, features, hint) => {
    const { loaded } = model(undefined, three, undefined, dtype);
    await expect(modelTeacher(loaded, { ...config, features })).rejects.toMatchObject({
      message: expect.stringContaining(`reads ${dtype}`),
      hint: expect.stringContaining(hint),
    });
  });
});

test('float16: every number comes back, and others are rounded as NumPy does', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
  const finite = all.filter((bits) => (bits & 0x7c00) !== 0x7c00);
  expect(toFloat16(fromFloat16(finite))).toEqual(finite);
  const given = [0.1, 65519, 65520, -1e-9, 2049, 2051, 5.9e-5, Number.NaN, -1e9];
  // numpy.array(given, 'float16').view('uint16')
  const bits = [11878, 31743, 31744, 32768, 26624, 26626, 990, 32256, 64512];
  expect([...toFloat16(Float32Array.from(given))]).toEqual(bits);
  expect([...fromFloat16(Uint16Array.of(0x7c00, 0xfc00, 0x7e00))]).toEqual([
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ]);
});

describe('an output', () => {
  test('[classes, n] is refused for two classes, too', async () => {
    const { loaded } = model([undefined, 2], three);
    const transposed: LoadedModel = {
      ...loaded,
      run: async ([feed]) => {
        const shape = [2, feed!.shape[0]!];
        return [{ shape, values: new Float32Array(shape[0]! * shape[1]!).fill(0.5) }];
      },
    };
    const binary = { ...config, features: vector, classes: ['no', 'yes'] };
    await expect(modelTeacher(transposed, binary)).rejects.toThrow('expected one row per example');
  });
  test('without the axis of a batch of one example is read', async () => {
    const { loaded } = model([undefined, 2], three);
    const squeezed: LoadedModel = {
      ...loaded,
      async run(feeds, outputs) {
        const [{ shape, values }] = (await loaded.run(feeds, outputs)) as [Output];
        return [{ shape: shape[0] === 1 ? shape.slice(1) : shape, values }];
      },
    };
    const teacher = await modelTeacher(squeezed, { ...config, features: vector });
    const { probabilities } = await teacher.predict({
      ids: ['a'],
      rows: { n: 1, values: new Float32Array(2) },
    });
    expect([...probabilities]).toEqual(three.values);
  });
  test.each([[[3, 1, 1]], [[1, 3]], [[1, 1, 3]]])(
    '[n, %j] has its axes of size 1 left out',
    async (shape) => {
      const { loaded } = model([undefined, 2], { ...three, shape });
      const teacher = await modelTeacher(loaded, { ...config, features: vector });
      const inputs = { ids: ['a', 'b'], rows: { n: 2, values: new Float32Array(4) } };
      const { probabilities } = await teacher.predict(inputs);
      expect([...probabilities]).toEqual([...three.values, ...three.values]);
    },
  );
  test.each([[[3, 2]], [[2]], [[1]], [[]]])(
    '[n, %j] is refused for three classes',
    async (shape) => {
      const values = Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0.5);
      const { loaded } = model([undefined, 2], { shape, values });
      await expect(modelTeacher(loaded, { ...config, features: vector })).rejects.toThrow(
        'and the task has 3 classes: expected [n, 3]',
      );
    },
  );
  test('of one number is that of the second of two classes, if it is a sigmoid', async () => {
    const binary = { ...config, features: vector, classes: ['no', 'yes'] };
    const one = () => model([undefined, 2], { shape: [1], values: [0.25] }).loaded;
    const teacher = await modelTeacher(one(), { ...binary, output: 'sigmoid' });
    const { probabilities } = await teacher.predict({
      ids: ['a'],
      rows: { n: 1, values: new Float32Array(2) },
    });
    expect([...probabilities]).toEqual([0.75, 0.25]);
    await expect(modelTeacher(one(), binary)).rejects.toMatchObject({
      hint: expect.stringContaining('set teacher.output: sigmoid'),
    });
    // Two labels are not the classes no and yes: one number answers only one of them.
    const labels = { ...binary, output: 'sigmoid', multiLabel: true } as const;
    await expect(modelTeacher(one(), labels)).rejects.toMatchObject({
      message: expect.stringContaining('expected [n, 2]'),
    });
  });
});

test('class labels of the model in another order are named', async () => {
  const { loaded } = model([undefined, 2], three);
  const labeled = { ...loaded, classLabels: ['b', 'a', 'c'] };
  await expect(modelTeacher(labeled, { ...config, features: vector })).rejects.toMatchObject({
    message: expect.stringContaining('has the classes in another order than task.classes: b, a, c'),
    hint: 'Set task.classes: [b, a, c].',
  });
  const beside = {
    ...config,
    features: vector,
    settings: { id2label: { 0: 'B', 1: 'A', 2: 'C' } },
  };
  await expect(modelTeacher(loaded, beside)).rejects.toMatchObject({
    message: expect.stringContaining('task.classes: b, a, c (id2label in its config.json)'),
  });
  await modelTeacher({ ...loaded, classLabels: ['a', 'b', 'c'] }, beside);
  const settings = { problem_type: 'multi_label_classification' };
  await expect(
    modelTeacher(loaded, { ...config, features: vector, settings }),
  ).rejects.toMatchObject({
    hint: expect.stringContaining('Set task.multiLabel: true.'),
  });
  for (const classLabels of [
    ['a', 'b', 'c'],
    ['0', '1', '2'],
    ['b', 'a'],
  ]) {
    await modelTeacher({ ...loaded, classLabels }, { ...config, features: vector });
  }
});

test('a model of columns that fails on one example answers the others', async () => {
  const texts: LoadedModel = {
    inputs: [{ name: 'town', dtype: 'string', shape: [undefined, 1] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [undefined, 3] }],
    async run([feed]) {
      const towns = feed!.values as string[];
      if (!towns.every((town) => town === 'Bern')) throw new Error('Unknown Category');
      const values = towns.flatMap(() => three.values);
      return [{ shape: [towns.length, 3], values: Float32Array.from(values) }];
    },
    dispose() {},
  };
  const features: Features = {
    kind: 'row',
    columns: [{ kind: 'categorical', name: 'town', values: ['Bern'] }],
    missing: [],
  };
  const teacher = await modelTeacher(texts, { ...config, features, columns: ['town'] });
  const answer = await teacher.predict({
    ids: ['a', 'b', 'c'],
    rows: { n: 0, values: new Float32Array(0) },
    cells: [['Bern'], ['Basel'], ['Bern']],
  });
  const nan = Number.NaN;
  expect([...answer.probabilities]).toEqual([...three.values, nan, nan, nan, ...three.values]);
  expect([...answer.failures!]).toEqual([[1, 'Unknown Category']]);
});
