/** Exported files give the probabilities of the student, from raw examples. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEncoder, type Features, featureShape } from '../../../src/data/features/index.ts';
import { isDecoded, rowsOf } from '../../../src/data/features/kind.ts';
import { allExporters, saveModel } from '../../../src/models/exporters.ts';
import { outputName } from '../../../src/models/exports/operations.ts';
import { type RawExample, rawFeeds } from '../../../src/models/exports/raw-feeds.ts';
import { savedModelExporter } from '../../../src/models/exports/saved-model.ts';
import { invertedResiduals } from '../../../src/models/networks/inverted-residuals.ts';
import { LayerList } from '../../../src/models/networks/layers.ts';
import { basicBlock, bottleneck, residualNetwork } from '../../../src/models/networks/residual.ts';
import { loadModel } from '../../../src/models/student.ts';
import type { StudentDescription } from '../../../src/models/student-description.ts';
import { splitOutputs } from '../../../src/models/subclass-outputs.ts';
import type { InputTensor } from '../../../src/models/teachers/loaded-model.ts';
import { modelFrom } from '../../../src/models/topology.ts';
import { tf, type tfTypes } from '../../../src/tensorflow.ts';
import { buildNetwork, smallConvnet, smallMlp, smallResnet } from '../../support/networks.ts';
import { runOnnx } from './run-onnx.ts';

const classes = ['a', 'b', 'c'];
const about = { classes, createdBy: 'a test' };

const photo = (height: number, width: number, channels: 1 | 3 = 3): Features => ({
  ...{ kind: 'image', height, width, channels },
  ...{ mean: [0.4, 0.5, 0.6].slice(0, channels), std: [0.2, 0.25, 0.3].slice(0, channels) },
});

/** Changes all weights, so that none is 0 or 1 as at the start. */
function disturb(model: tfTypes.LayersModel): tfTypes.LayersModel {
  tf.tidy(() => {
    model.weights.forEach((weight, seed) => {
      const noise = tf.randomUniform(weight.shape.map(Number), 0, 0.4, 'float32', seed);
      weight.write(weight.read().add(noise));
    });
  });
  return model;
}

/** Returns the reason by each format but the one of tfjs. */
function everyFormat(reason: string): Record<string, string> {
  const others = allExporters.map(({ name }) => name).filter((name) => name !== 'layers-model');
  return Object.fromEntries(others.map((name) => [name, reason]));
}

/** Random pixels or numbers, from a seed. */
function randomExamples(features: Features, n: number): RawExample[] {
  const size = featureShape(features).reduce((a, b) => a * b, 1);
  const values = tf.randomUniform([n * size], 0, 256, 'int32', 7).dataSync<'int32'>();
  return Array.from({ length: n }, (_, index) => {
    const part = values.slice(index * size, (index + 1) * size);
    return features.kind === 'image'
      ? { content: { kind: 'image', bytes: new Uint8Array() }, decoded: Uint8Array.from(part) }
      : {
          content: { kind: 'vector', values: Float32Array.from(part) },
          decoded: Float32Array.from(part, (value) => value / 256 - 0.5),
        };
  });
}

/** Returns the largest difference of the exported files from the student that is loaded again. */
async function difference(
  model: tfTypes.LayersModel,
  description: StudentDescription,
  examples = randomExamples(description.features, 3),
): Promise<number> {
  const files = await saveModel(model, description, allExporters);
  const student = await loadModel(files);
  expect(student.description.notExported).toBeUndefined();
  const { features } = description;
  const decoded = examples.map((example) => example.decoded);
  const expected = student.predict(rowsOf(createEncoder(features), decoded));
  const feeds = rawFeeds(features, examples);
  const found = [
    await runOnnx(files.get('model.onnx')!, feeds),
    await runSavedModel(files.get('saved_model/saved_model.pb')!, feeds),
  ];
  student.dispose();
  model.dispose();
  const differences = found.flatMap((values) => {
    expect(values.length).toBe(expected.length);
    return [...expected].map((value, index) => Math.abs(value - values[index]!));
  });
  return Math.max(...differences);
}

async function runSavedModel(file: Uint8Array, feeds: readonly InputTensor[]) {
  const folder = await mkdtemp(join(tmpdir(), 'saved-model-'));
  try {
    await mkdir(join(folder, 'saved_model'));
    await writeFile(join(folder, 'saved_model/saved_model.pb'), file);
    const model = await savedModelExporter.open(folder);
    const [output] = await model.run(feeds, [outputName]);
    model.dispose();
    return output!.values;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('networks', () => {
  const [small, grey] = [photo(9, 11), photo(8, 8, 1)];
  const problem = { inputShape: [9, 11, 3], classes: 3 };
  const stages = [1, 6].map((widen) => ({
    ...{ blocks: 2, filters: 4, widen, kernelSize: 3, strides: 2 },
  }));
  test.each<[string, Features, () => Promise<tfTypes.LayersModel>]>([
    ['mlp', grey, () => buildNetwork(smallMlp, [8, 8, 1], 3, 1)],
    ['convnet', small, () => buildNetwork(smallConvnet, [9, 11, 3], 3, 1)],
    ['resnet', small, () => buildNetwork(smallResnet, [9, 11, 3], 3, 1)],
    ...(['symmetric', 'same'] as const).map(
      (padding): [string, Features, () => Promise<tfTypes.LayersModel>] => [
        `inverted residuals, ${padding}`,
        small,
        () => modelFrom(invertedResiduals('n', stages, { padding, epsilon: 1e-3 }, problem, 1)),
      ],
    ),
    ['basic blocks', small, () => modelFrom(residualNetwork('n', basicBlock, [1, 1], problem, 1))],
    ['bottlenecks', small, () => modelFrom(residualNetwork('n', bottleneck, [1], problem, 1))],
  ])('%s', async (_, features, build) => {
    const model = disturb(await build());
    expect(await difference(model, { ...about, features })).toBeLessThan(1e-5);
  });

  test('of subclasses, of labels, and of pixels in BGR', async () => {
    const features: Features = { kind: 'vector', length: 4 };
    const mlp = () => buildNetwork(smallMlp, [4], 3, 1);
    const split = await splitOutputs(await mlp(), 2);
    expect(await difference(disturb(split), { ...about, features, subclasses: 2 })).toBeLessThan(
      1e-6,
    );
    const labels = { ...about, features, multiLabel: true } as const;
    expect(await difference(disturb(await mlp()), labels)).toBeLessThan(1e-6);
    const pixels = {
      ...{ fit: 'stretch', filter: 'bilinear', resized: { height: 9, width: 11 } },
      ...{ colors: 'srgb', orientation: 'upright', channelOrder: 'BGR' },
    };
    const reversed = { ...small, pixels } as Features;
    const convnet = await buildNetwork(smallConvnet, [9, 11, 3], 3, 1);
    expect(await difference(convnet, { ...about, features: reversed })).toBeLessThan(1e-6);
  });

  const wide = { ...smallMlp, width: 256, depth: 2 };
  test.each<[string, Features, () => Promise<tfTypes.LayersModel>]>([
    ['mlp', photo(8, 8, 1), () => buildNetwork(wide, [8, 8, 1], 3, 1)],
    [
      'convnet',
      photo(16, 16),
      () => buildNetwork({ ...smallConvnet, width: 32 }, [16, 16, 3], 3, 1),
    ],
    [
      'depthwise',
      small,
      () =>
        modelFrom(invertedResiduals('n', stages, { padding: 'same', epsilon: 1e-3 }, problem, 1)),
    ],
  ])('with rounded weights are nearly equal, and smaller: %s', async (name, features, build) => {
    const model = await build();
    const files = await saveModel(model, { ...about, features }, allExporters);
    const examples = randomExamples(features, 20);
    const feeds = rawFeeds(features, examples);
    const exact = await runOnnx(files.get('model.onnx')!, feeds);
    const size = (file: string) => files.get(file)!.length / files.get('model.onnx')!.length;
    for (const [file, most, smaller] of [
      ['model.float16.onnx', 2e-3, 0.6],
      ['model.int8.onnx', 0.02, 0.4],
    ] as const) {
      const rounded = await runOnnx(files.get(file)!, feeds);
      const differences = exact.map((value, index) => Math.abs(value - rounded[index]!));
      expect(Math.max(...differences), file).toBeLessThan(most);
      expect(Math.max(...differences), file).toBeGreaterThan(0);
      if (name !== 'depthwise') expect(size(file), file).toBeLessThan(smaller);
    }
    model.dispose();
  });

  test('of subclasses keep the sums of probabilities exact in 8 bits', async () => {
    const features: Features = { kind: 'vector', length: 4 };
    const split = await splitOutputs(await buildNetwork(smallMlp, [4], 3, 1), 2);
    const files = await saveModel(split, { ...about, features, subclasses: 2 }, allExporters);
    const feeds = rawFeeds(features, randomExamples(features, 5));
    const rounded = await runOnnx(files.get('model.int8.onnx')!, feeds);
    for (let row = 0; row < 5; row++) {
      const sum = rounded.subarray(3 * row, 3 * row + 3).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(1, 6);
    }
    split.dispose();
  });

  test('are the same bytes each time, and leave no tensor behind', async () => {
    const model = await buildNetwork(smallConvnet, [9, 11, 3], 3, 1);
    const before = tf.memory().numTensors;
    const write = () => saveModel(model, { ...about, features: small }, allExporters);
    expect(await write()).toEqual(await write());
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});

describe('layers of users', () => {
  const { layers } = tf;
  const features = photo(7, 8);
  const pair = (most: number) =>
    fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }));
  const window = fc.record({
    kernelSize: pair(4),
    strides: pair(3),
    dilationRate: fc.integer({ min: 1, max: 2 }),
    padding: fc.constantFrom('same' as const, 'valid' as const),
    useBias: fc.boolean(),
    activation: fc.constantFrom(
      ...(['linear', 'relu', 'tanh', 'elu', 'selu', 'softplus', 'softsign', 'swish'] as const),
    ),
  });
  type Sliding = typeof window extends fc.Arbitrary<infer Value> ? Value : never;
  const sliding = {
    conv2d: (args: Sliding) => layers.conv2d({ ...args, filters: 2 }),
    depthwise: (args: Sliding) => layers.depthwiseConv2d({ ...args, depthMultiplier: 2 }),
    separable: (args: Sliding) => layers.separableConv2d({ ...args, filters: 2 }),
    max: ({ kernelSize, strides, padding }: Sliding) =>
      layers.maxPooling2d({ poolSize: kernelSize, strides, padding }),
    mean: ({ kernelSize, strides, padding }: Sliding) =>
      layers.averagePooling2d({ poolSize: kernelSize, strides, padding }),
  };

  test.each(Object.keys(sliding) as (keyof typeof sliding)[])('%s', async (kind) => {
    await fc.assert(
      fc.asyncProperty(window, async (args) => {
        const [down, right] = args.strides;
        const isDepthwise = ['depthwise', 'separable'].includes(kind);
        // TensorFlow does not run the others.
        fc.pre(args.dilationRate === 1 || (Math.max(down, right) === 1 && !isDepthwise));
        fc.pre(down === right || !isDepthwise);
        const input = tf.input({ shape: [7, 8, 3] });
        const x = sliding[kind](args).apply(input) as tfTypes.SymbolicTensor;
        const flat = layers.flatten().apply(x);
        const output = layers.dense({ units: 3 }).apply(flat) as tfTypes.SymbolicTensor;
        const model = disturb(tf.model({ inputs: input, outputs: output }));
        expect(await difference(model, { ...about, features })).toBeLessThan(1e-5);
      }),
      { numRuns: 5, seed: 5 },
    );
  });

  test('branches, a network within the network, and a layer that is used twice', async () => {
    const input = tf.input({ shape: [7, 8, 3] });
    const apply = (layer: tfTypes.layers.Layer, ...x: tfTypes.SymbolicTensor[]) =>
      layer.apply(x.length === 1 ? x[0]! : x) as tfTypes.SymbolicTensor;
    const inner = tf.sequential({
      layers: [
        layers.conv2d({ inputShape: [7, 8, 3], filters: 3, kernelSize: 1 }),
        layers.batchNormalization(),
        layers.leakyReLU({ alpha: 0.2 }),
      ],
    });
    const twice = apply(inner, apply(inner, input));
    const joined = apply(layers.concatenate(), twice, apply(layers.add(), input, twice));
    const product = apply(layers.multiply(), joined, joined);
    const shaped = apply(layers.reshape({ targetShape: [8, 7, 6] }), product);
    const padded = apply(
      layers.zeroPadding2d({
        padding: [
          [1, 0],
          [2, 3],
        ],
      }),
      shaped,
    );
    const pooled = apply(layers.globalMaxPooling2d({}), padded);
    const dropped = apply(layers.dropout({ rate: 0.5 }), pooled);
    const scores = apply(layers.dense({ units: 3 }), apply(layers.reLU({ maxValue: 6 }), dropped));
    const model = disturb(tf.model({ inputs: input, outputs: scores }));
    expect(await difference(model, { ...about, features })).toBeLessThan(1e-5);
  });

  const inputShape = [7, 8, 3];
  test.each([
    [
      layers.upSampling2d({ inputShape, name: 'wider' }),
      "its layer 'wider' is UpSampling2D, and this kind of layer is not supported",
    ],
    [
      layers.depthwiseConv2d({ inputShape, name: 'wide', kernelSize: 2, dilationRate: 2 }),
      "its layer 'wide' is DepthwiseConv2D, and dilationRate is not 1",
    ],
    [
      layers.conv2d({ inputShape, name: 'soft', filters: 1, kernelSize: 1, activation: 'mish' }),
      `its layer 'soft' is Conv2D, and the activation "mish" is not supported`,
    ],
  ])('%#: a layer that is not supported leaves the files out', async (layer, reason) => {
    const model = tf.sequential({ layers: [layer, layers.flatten(), layers.dense({ units: 3 })] });
    const files = await saveModel(model, { ...about, features }, allExporters);
    expect([...files.keys()]).toEqual(['model.json', 'weights.bin', 'student.json']);
    const { notExported } = JSON.parse(Buffer.from(files.get('student.json')!).toString());
    expect(notExported).toEqual(everyFormat(reason));
    model.dispose();
  });
});

/** Reads rows as a student does. */
async function decodeRows(
  features: Features,
  rows: readonly Record<string, string | number | null>[],
): Promise<RawExample[]> {
  const encoder = createEncoder(features);
  return Promise.all(
    rows.map(async (columns) => {
      const content = { kind: 'row' as const, columns };
      const decoded = await encoder.decode({ id: '1', label: undefined, content });
      if (!isDecoded(decoded)) throw new Error(decoded.reason);
      return { content, decoded };
    }),
  );
}

test('rows: missing values, stand-ins for them, and unknown categories', async () => {
  const features: Features = {
    kind: 'row',
    missing: ['?', '-1', 'none of these'],
    columns: [
      { kind: 'numeric', name: 'age', mean: 40, std: 12, range: [17, 90], missing: ['7', 'old'] },
      { kind: 'numeric', name: 'time of day', mean: 1.7e9, std: 1e5 },
      { kind: 'categorical', name: 'classes', values: ['2', 'red', 'blå', 'none of these'] },
    ],
  };
  const ages = ['17', ' 52.5', 999, -999, '-999', 1e30, -1, '-1', 7, '?', null, 1e200, 'old', 250];
  const colors = ['2', 2, '2.0', 'red', ' red ', 'bla\u030a', 'blue', '?', null, 'none of these'];
  const rows = Array.from({ length: 40 }, (_, index) => ({
    age: ages[index % ages.length]!,
    'time of day': 1.7e9 + 1001 * index,
    classes: colors[index % colors.length]!,
  }));
  const examples = await decodeRows(features, rows);
  const model = disturb(await buildNetwork(smallMlp, featureShape(features), 3, 1));
  expect(await difference(model, { ...about, features }, examples)).toBeLessThan(1e-6);
});

test('rows: a number that means "missing" does so in every spelling', async () => {
  const features: Features = {
    kind: 'row',
    missing: ['-1', '-5.0', '2.0'],
    columns: [
      { kind: 'numeric', name: 'age', mean: 0, std: 1 },
      { kind: 'numeric', name: 'size', mean: 9, std: 2, notation: 'comma', missing: ['12.5'] },
      { kind: 'categorical', name: 'count', values: ['2', '3'] },
    ],
  };
  const ages = ['-1', -1, '-5.0', '-5', -5, '-1.0', ' -1.00', '4.0'];
  const sizes = ['-1', '-1,0', 12.5, '12.5', '12,5', '2,00', ' \u22125,0', '1.234'];
  const counts = ['2', ' 2.0', '2.0 ', 2, '3', '3.0', ' 3', '3.00'];
  const examples = await decodeRows(
    features,
    ages.map((age, index) => ({ age, size: sizes[index]!, count: counts[index]! })),
  );
  // Per row: [value, 1 if missing] of both numbers, then 2, 3 and others.
  const flags = examples.map(({ decoded }) => [decoded[1], decoded[3], decoded[6]].join(''));
  expect(flags).toEqual(['111', '111', '101', '111', '100', '110', '110', '000']);
  const model = disturb(await buildNetwork(smallMlp, featureShape(features), 3, 1));
  expect(await difference(model, { ...about, features }, examples)).toBeLessThan(1e-6);
});

/** Returns why the files of a student of columns are left out. */
async function reasons(names: readonly string[]): Promise<unknown> {
  const columns = names.map((name) => ({ kind: 'numeric' as const, name, mean: 0, std: 1 }));
  const features: Features = { kind: 'row', columns, missing: [] };
  const model = await buildNetwork(smallMlp, featureShape(features), 3, 1);
  const files = await saveModel(model, { ...about, features }, allExporters);
  model.dispose();
  return JSON.parse(Buffer.from(files.get('student.json')!).toString()).notExported;
}

test.each([
  [['age', 'age_features', 'features', 'features/mean', 'softmax', 'input_0']],
  [['Age', 'age', 'time of day', '1st', 'Größe', '面积', 'args']],
])('columns of the names %j', async (names) => {
  expect(await reasons(names)).toBeUndefined();
});

test('a weight that 16 bits cannot hold leaves only the file with 16 bits out', async () => {
  const layer = tf.layers.dense({ inputShape: [1], units: 3, useBias: false, name: 'scores' });
  const model = tf.sequential({ layers: [layer] });
  tf.tidy(() => model.setWeights([tf.tensor2d([1, -70_000, 0], [1, 3])]));
  const files = await saveModel(
    model,
    { ...about, features: { kind: 'vector', length: 1 } },
    allExporters,
  );
  model.dispose();
  const { notExported } = JSON.parse(Buffer.from(files.get('student.json')!).toString());
  expect(notExported).toEqual({
    'onnx-float16': 'its layer scores has a weight of 7.0e+4, too large for 16 bits',
  });
});

test('a column without a name leaves the files out', async () => {
  const reason = 'it has a column without a name';
  expect(await reasons(['', 'a'])).toEqual(everyFormat(reason));
});

test.each([
  [['class'], "TensorFlow in Python refuses an input named 'class'"],
  [['self'], "TensorFlow in Python refuses an input named 'self'"],
  [['m²'], "TensorFlow in Python refuses an input named 'm²'"],
  [['a b', 'a-b'], "TensorFlow in Python cannot distinguish its inputs 'a b' and 'a-b'"],
])('columns %j leave only the SavedModel out', async (names, reason) => {
  expect(await reasons(names)).toEqual({ 'saved-model': reason });
});

test('a column with the name of the output leaves the file out', async () => {
  const layers = new LayerList([2], 1);
  const model = await modelFrom(layers.model('linear', layers.classScores(layers.input, 3)));
  const columns = [{ kind: 'numeric' as const, name: 'probabilities', mean: 0, std: 1 }];
  const features: Features = { kind: 'row', columns, missing: [] };
  const files = await saveModel(model, { ...about, features }, allExporters);
  const { notExported } = JSON.parse(Buffer.from(files.get('student.json')!).toString());
  expect(notExported.onnx).toContain("input 'probabilities' has the name of another input or");
  model.dispose();
});
