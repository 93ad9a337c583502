// Messages about unusable teachers, which are part of the interface.
import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Features } from '../../../src/data/features/index.ts';
import type { TeacherConfig } from '../../../src/models/config.ts';
import { tf } from '../../../src/tensorflow.ts';
import { refusalOf } from '../../support/refusal.ts';
import { blank, colour, fixtures, grey, open, temporaryFolder, vector } from './open.ts';

let scratch: string;
let dataset: string;
beforeEach(async () => {
  scratch = await temporaryFolder();
  dataset = await temporaryFolder();
});
afterEach(async () => {
  await rm(scratch, { recursive: true });
  await rm(dataset, { recursive: true });
});

/** Opens a teacher and predicts one blank batch; returns the message. */
async function refusal(
  folder: string,
  config: Partial<TeacherConfig>,
  features: Features,
  classes = 3,
): Promise<string> {
  const opening = open(folder, config, features, { scratch, classes }).then(
    async ({ teacher, features: fed }) => {
      try {
        await teacher.predict(blank(3, fed));
      } finally {
        teacher.dispose();
      }
    },
  );
  const { message, hint = '' } = await refusalOf(opening);
  return `${message}. ${hint}`;
}

const fixture = (name: string): string => join(fixtures, name);
const nchw = { onnx: 'model.onnx', output: 'logits' } as const;

describe('the input', () => {
  test('another size: both sides and what to set', async () => {
    expect(await refusal(fixture('onnx-nchw-logits'), nchw, colour(32))).toBe(
      'the ONNX model model.onnx reads [n, 3, 8, 8], and the config gives 32 x 32 x 3. Set teacher.size: [8, 8].',
    );
  });
  test('teacher.size is what the config gives', async () => {
    const config = { ...nchw, size: [8, 8] as [number, number] };
    const opened = await open(fixture('onnx-nchw-logits'), config, colour(32), { scratch });
    const { teacher, features } = opened;
    expect(features).toEqual({ ...colour(8), mean: [0, 0, 0], std: [1, 1, 1] });
    teacher.dispose();
  });
  test('grey images for a model of colour', async () => {
    expect(await refusal(fixture('onnx-nchw-logits'), nchw, grey())).toBe(
      'the ONNX model model.onnx reads [n, 3, 8, 8], and the config gives 8 x 8 x 1. Set task.channels: 3.',
    );
  });
  test('colour images for a grey SavedModel, and another size', async () => {
    expect(await refusal(fixture('saved-model-keras'), { savedModel: 'model' }, colour(9))).toBe(
      'the SavedModel model reads [n, 8, 8, 1], and the config gives 9 x 9 x 3. Set task.channels: 1 and set teacher.size: [8, 8].',
    );
  });
  test('a vector of another length', async () => {
    const told = await refusal(fixture('onnx-scikit-learn'), { onnx: 'model.onnx' }, vector(6));
    expect(told).toContain('reads [n, 5], and the config gives 6.');
  });
  test('a model that reads bytes', async () => {
    expect(await refusal(fixture('refused'), { onnx: 'uint8.onnx' }, colour(1))).toContain(
      'reads uint8 (image: uint8 [n, 1, 1, 3]), and the config gives float32',
    );
  });
  test('a batch of 1 that is hidden in the graph: one example at a time', async () => {
    const config = { onnx: 'hidden-batch.onnx', output: 'logits' } as const;
    const opened = await open(fixture('refused'), config, vector(3), { scratch });
    const values = Float32Array.of(0, 0, 9, 9, 0, 0);
    const { probabilities } = await opened.teacher.predict({
      ids: ['a', 'b'],
      rows: { n: 2, values },
    });
    expect([...probabilities].map(Math.round)).toEqual([0, 0, 1, 1, 0, 0]);
    opened.teacher.dispose();
  });
  test.each(['size', 'mean', 'std'] as const)('teacher.%s for rows', async (field) => {
    const config = { onnx: 'model.onnx', [field]: [1, 1] };
    expect(await refusal(fixture('onnx-scikit-learn'), config, vector(5))).toContain(
      `teacher.${field} is for images, and the task has vectors`,
    );
  });
  test('a mean for other channels', async () => {
    expect(await refusal(fixture('onnx-nchw-logits'), { ...nchw, mean: [0.5] }, colour())).toBe(
      'teacher.mean has 1 numbers, and the images have 3 channels. Give teacher.mean one number per channel.',
    );
  });
});

describe('the outputs', () => {
  test('another number of classes', async () => {
    expect(await refusal(fixture('onnx-nchw-logits'), nchw, colour(), 10)).toBe(
      "the output 'logits' of the ONNX model model.onnx is [n, 3], and the task has 10 classes: expected [n, 10]. List in task.classes the classes that the teacher was trained on, in its order.",
    );
  });
  test('more than one candidate: none fits the classes', async () => {
    expect(await refusal(fixture('refused'), { onnx: 'two-outputs.onnx' }, colour(), 5)).toBe(
      "the ONNX model two-outputs.onnx has 2 outputs that may have the classes: probabilities: float32 [n, 3], embedding: float32 [n, 4]. Export it with one output of all classes: [n, 5]. A scikit-learn model has it with options={'zipmap': False}.",
    );
  });
  test('the only one with a fitting shape is taken', async () => {
    const config = { onnx: 'two-outputs.onnx' };
    const { teacher } = await open(fixture('refused'), config, colour(), { scratch });
    expect(teacher.embeddingSize).toBeUndefined();
    teacher.dispose();
  });
  test('the only one left beside the embedding is taken', async () => {
    const config = { onnx: 'two-outputs.onnx', embeddingName: 'embedding' };
    const { teacher } = await open(fixture('refused'), config, colour(), { scratch });
    expect(teacher.embeddingSize).toBe(4);
    teacher.dispose();
  });
  test('a name that is not there', async () => {
    const config = { savedModel: 'model', outputName: 'scores' };
    const told = await refusal(fixture('saved-model-int64-label'), config, vector(5));
    expect(told).toContain("teacher.outputName: 'scores' is not an output");
    expect(told).toContain('label: int64 [n]');
    expect(told).toContain('logits: float32 [n, 3]');
  });
  test('a label instead of floats', async () => {
    const config = { savedModel: 'model', outputName: 'label' };
    expect(await refusal(fixture('saved-model-int64-label'), config, vector(5))).toContain(
      "teacher.outputName: 'label' of the SavedModel model is int64, and floats are needed",
    );
  });
  test('a ZipMap: the tensor before it is used', async () => {
    const { teacher } = await open(fixture('refused'), { onnx: 'zipmap.onnx' }, vector(5), {
      scratch,
    });
    const { probabilities } = await teacher.predict(blank(2, vector(5)));
    expect(probabilities.reduce((sum, value) => sum + value)).toBeCloseTo(2, 5);
    teacher.dispose();
    const config = { onnx: 'zipmap.onnx', outputName: 'output_probability' };
    expect(await refusal(fixture('refused'), config, vector(5))).toContain(
      'Leave out teacher.outputName: the tensor before the ZipMap is used.',
    );
  });
  test('logits, but the config has probabilities', async () => {
    const told = await refusal(fixture('onnx-nchw-logits'), { onnx: 'model.onnx' }, colour());
    expect(told).toContain('set teacher.output: logits');
  });
  test('probabilities, but the config has logits', async () => {
    const config = { layersModel: 'model.json', output: 'logits' } as const;
    expect(await refusal(fixture('layers-model'), config, grey())).toContain(
      'set teacher.output: probabilities',
    );
  });
});

describe('missing files', () => {
  test.each([
    ['onnx', 'teacher/m.onnx', "teacher.onnx: 'teacher/m.onnx': expected an ONNX file"],
    ['savedModel', 'teacher', 'teacher.savedModel: there is no teacher/saved_model.pb'],
    ['layersModel', 'm.json', "teacher.layersModel: 'm.json': expected the model.json of a tfjs l"],
    ['graphModel', 'm.json', "teacher.graphModel: 'm.json': expected the model.json of a tfjs g"],
    ['predictions', 'answers', 'teacher.predictions: there is no .parquet file in'],
  ] as const)('%s', async (kind, key, message) => {
    expect(await refusal(dataset, { [kind]: key }, grey())).toContain(message);
  });
  test('the SavedModel is one folder down', async () => {
    await cp(fixture('saved-model-keras'), join(dataset, 'teacher'), { recursive: true });
    expect(await refusal(dataset, { savedModel: 'teacher' }, grey())).toContain(
      'Set teacher.savedModel: teacher/model.',
    );
  });
  test('the signature of a SavedModel', async () => {
    expect(await refusal(fixture('refused'), { savedModel: 'no-signature' }, grey())).toContain(
      "the SavedModel has no signature 'serving_default' under the tag 'serve'; it has no signature (tag serve)",
    );
  });
  test('the external data of an ONNX file', async () => {
    await cp(fixture('onnx-nhwc-external-data'), dataset, { recursive: true });
    await rm(join(dataset, 'model.onnx.data'));
    const told = await refusal(dataset, { onnx: 'model.onnx' }, grey());
    expect(told).toContain('expected its weights model.onnx.data, which the model names');
  });
  test('weights of a LayersModel', async () => {
    await cp(fixture('layers-model'), dataset, { recursive: true });
    await rm(join(dataset, 'group1-shard2of2.bin'));
    expect(await refusal(dataset, { layersModel: 'model.json' }, grey())).toContain(
      "teacher.layersModel: 'model.json': expected its weights group1-shard2of2.bin",
    );
  });
});

describe('damaged files', () => {
  const damaged = [
    ['onnx-nchw-logits', 'model.onnx', { onnx: 'model.onnx' }, colour()],
    ['saved-model-keras', 'model/saved_model.pb', { savedModel: 'model' }, grey()],
    [
      'saved-model-keras',
      'model/variables/variables.data-00000-of-00001',
      { savedModel: 'model' },
      grey(),
    ],
    ['layers-model', 'group1-shard1of2.bin', { layersModel: 'model.json' }, grey()],
    ['layers-model', 'model.json', { layersModel: 'model.json' }, grey()],
    ['graph-model', 'group1-shard1of1.bin', { graphModel: 'model.json' }, grey()],
    ['predictions', 'answers/0.parquet', { predictions: 'answers' }, grey()],
  ] as const;
  test.each(damaged)('%s: %s cut short', async (name, file, config, features) => {
    await cp(fixture(name), dataset, { recursive: true });
    await truncate(join(dataset, file), 333);
    const tensors = tf.memory().numTensors;
    const told = await refusal(dataset, config, features);
    expect(told).toMatch(/cannot be (loaded|read): |is not the model.json|is not JSON/);
    expect(tf.memory().numTensors).toBe(tensors);
  });
  test('a model.json whose weights are elsewhere', async () => {
    await cp(fixture('layers-model'), dataset, { recursive: true });
    await editJson(join(dataset, 'model.json'), (text) =>
      text.replace('group1-shard1of2.bin', '../../secret.bin'),
    );
    const told = await refusal(dataset, { layersModel: 'model.json' }, grey());
    expect(told).toContain('expected the name of a file in the same folder');
  });
  test('a GraphModel given as a LayersModel', async () => {
    const config = { layersModel: 'model.json' };
    expect(await refusal(fixture('graph-model'), config, grey())).toContain(
      'is a graph-model, and the config names it as a layers-model. Give it as teacher.graphModel.',
    );
  });
});

test('a GraphModel without a signature is tried out', async () => {
  await cp(fixture('graph-model'), dataset, { recursive: true });
  await editJson(join(dataset, 'model.json'), (text) => {
    const { signature: _, ...rest } = JSON.parse(text);
    return JSON.stringify(rest);
  });
  const config = { graphModel: 'model.json' };
  const { teacher } = await open(dataset, config, grey(), { scratch });
  const { probabilities } = await teacher.predict(blank(2, grey()));
  expect(probabilities.reduce((sum, value) => sum + value)).toBeCloseTo(2, 5);
  teacher.dispose();
  expect(await refusal(dataset, config, grey(), 4)).toContain('the task has 4 classes');
});

async function editJson(path: string, edit: (text: string) => string): Promise<void> {
  await writeFile(path, edit(await readFile(path, 'utf8')));
}
