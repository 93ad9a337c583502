import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { maxParameters } from '../../src/models/allowed/budget.ts';
import { layersManifest, type StatedWeight } from '../../src/models/layers-manifest.ts';
import { loadStudent } from '../../src/models/load-student.ts';
import { modelFrom, type Topology, topologySchema } from '../../src/models/topology.ts';
import { tf } from '../../src/tensorflow.ts';
import { changeJson, removeDigests, studentRefusal } from '../support/hostile-student.ts';
import { writeStudent } from '../support/network-students.ts';
import { greyImage } from '../support/students.ts';

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-test-'));
  await writeStudent(folder, greyImage);
  removeDigests(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const modelSchema = layersManifest.extend({ modelTopology: topologySchema });

/** Changes model.json. */
function change(how: (model: z.infer<typeof modelSchema>) => object): void {
  changeJson(folder, 'model.json', (json) => how(modelSchema.parse(json)));
}

/** Replaces the layers between the input and the scores. */
function withLayers(layers: readonly object[]): void {
  const input = { batch_input_shape: [null, 8, 8, 1], name: 'input' };
  const first = { class_name: 'InputLayer', config: input };
  const config = { layers: [first, ...layers, dense(3, 'scores')] };
  change((json) => ({ ...json, modelTopology: { class_name: 'Sequential', config } }));
}

/** Returns the message of the refusal, which leaves no tensor behind. */
async function refusal(): Promise<string> {
  const before = tf.memory();
  const message = await studentRefusal(folder);
  expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
  return message;
}

const dense = (units: number, name = 'large') => ({
  class_name: 'Dense',
  config: { name, units, kernel_initializer: { class_name: 'Zeros', config: {} } },
});
const flatten = { class_name: 'Flatten', config: { name: 'flat' } };

describe('a network with more weights than its file', () => {
  test.each<[name: string, layers: readonly object[]]>([
    ['of units', [flatten, dense(2 ** 20)]],
    // A kind of layer that the check of sizes does not know.
    [
      'of a transposed convolution',
      [
        {
          class_name: 'Conv2DTranspose',
          config: { name: 'large', filters: 2 ** 27, kernel_size: [8, 8] },
        },
        flatten,
      ],
    ],
    [
      'of a normalization',
      [flatten, dense(64), { class_name: 'LayerNormalization', config: { name: 'norm' } }],
    ],
  ])('%s is refused before they are made', async (_, layers) => {
    withLayers(layers);
    expect(await refusal()).toMatch(/its layers have more weights than the \d+ in its file/);
  });
});

test('weights with other names or shapes than the layers have are refused', async () => {
  change(({ weightsManifest: [{ paths, weights }], ...json }) => {
    const [{ shape, ...first }, ...rest] = weights as [StatedWeight, ...StatedWeight[]];
    const reversed = { ...first, shape: shape.toReversed() };
    return { ...json, weightsManifest: [{ paths, weights: [reversed, ...rest] }] };
  });
  expect(await refusal()).toMatch(/does not hold a student/);
});

test.each<[name: string, fields: object, message: RegExp]>([
  [
    'another size',
    { features: { ...greyImage, height: 4 } },
    /input shape: \[8,8,1\]; .*\[4,8,1\]/,
  ],
  ['other classes', { classes: ['a', 'b'] }, /output shape: \[3\]; .*\[2\]/],
  [
    'texts',
    { features: { kind: 'text', maxCharacters: 9 } },
    /reads numbers; .* needs features of text/,
  ],
])('a description with %s is refused', async (_, fields, message) => {
  changeJson(folder, 'student.json', (json) => ({ ...json, ...fields }));
  expect(await refusal()).toMatch(message);
});

test('the network is the same without random numbers at its start', async () => {
  const pixels = Uint8Array.from({ length: 64 }, (_, i) => 3 * i);
  const student = await loadStudent(folder);
  const [first] = await student.predict([{ pixels }]);
  student.dispose();
  change((json) => {
    for (const { config } of json.modelTopology.config.layers) {
      if (config.kernel_initializer) config.kernel_initializer = { class_name: 'Ones', config: {} };
    }
    return json;
  });
  const other = await loadStudent(folder);
  expect(await other.predict([{ pixels }])).toEqual([first]);
  other.dispose();
});

test('no network has more weights than any may have, and building the next one works', async () => {
  const topology = (units: number): Topology => {
    const config = { name: 'a', units, batch_input_shape: [null, 2 ** 15] };
    return { class_name: 'Sequential', config: { layers: [{ class_name: 'Dense', config }] } };
  };
  const before = tf.memory().numTensors;
  await expect(modelFrom(topology(maxParameters / 2 ** 15 + 1))).rejects.toThrow(
    `and at most ${maxParameters} are allowed`,
  );
  expect(tf.memory().numTensors).toBe(before);
  const model = await modelFrom(topology(2));
  expect(model.countParams()).toBe(2 ** 16 + 2);
  model.dispose();
});
