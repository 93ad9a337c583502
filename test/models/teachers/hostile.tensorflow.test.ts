/**
 * Attacks of models on files. Each is first made against TensorFlow alone, to show that it works
 * there, and then against what opens models.
 */
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encoderSchema } from '../../../src/models/encoders/config.ts';
import { describeEncoder } from '../../../src/models/encoders/describe.ts';
import { openDescribed } from '../../../src/models/encoders/open-encoder.ts';
import { FolderStore } from '../../../src/store/folder.ts';
import { tf, type tfTypes } from '../../../src/tensorflow.ts';
import { endlessOnnx, readsFile, writesAtLoad } from '../../support/hostile-models.ts';
import { refusalOf } from '../../support/refusal.ts';
import { open, temporaryFolder, vector } from './open.ts';

let dataset: string;
let outside: string;
let canary: string;
beforeEach(async () => {
  dataset = await temporaryFolder();
  outside = await temporaryFolder();
  canary = join(outside, 'canary');
  await mkdir(join(dataset, 'teacher'));
});
afterEach(async () => {
  await rm(dataset, { recursive: true });
  await rm(outside, { recursive: true });
});

const isWritten = () =>
  access(canary).then(
    () => true,
    () => false,
  );

async function put(bytes: Uint8Array, name = 'saved_model.pb'): Promise<string> {
  await writeFile(join(dataset, 'teacher', name), bytes);
  return join(dataset, 'teacher');
}

/** Returns the message of the refusal of a teacher. */
async function refusal(teacher: object): Promise<string> {
  const opening = open(dataset, teacher, vector(3), { scratch: outside, classes: 3 });
  return (await refusalOf(opening)).message;
}

describe('a SavedModel that writes a file when it is loaded', () => {
  test('acts in TensorFlow alone', async () => {
    const folder = await put(writesAtLoad(canary, 'written'));
    const model = await tf.node.loadSavedModel(folder, ['serve'], 'serving_default');
    expect(await readFile(canary, 'utf8')).toBe('written');
    model.dispose();
  });

  test('is refused as a teacher, and writes nothing', async () => {
    await put(writesAtLoad(canary, 'written'));
    expect(await refusal({ savedModel: 'teacher' })).toBe(
      "the SavedModel teacher has the operation 'WriteFile' (node 'write'), which models may not use here",
    );
    expect(await isWritten()).toBe(false);
  });

  test('is refused as an encoder, and writes nothing', async () => {
    await put(writesAtLoad(canary, 'written'));
    const config = encoderSchema.parse({
      ...{ path: 'teacher', size: [8, 8], preprocess: 'tf-hub', embeddingName: 'y' },
    });
    const store = new FolderStore(dataset);
    const described = await describeEncoder(store, config, 'image');
    await expect(openDescribed(described, outside)).rejects.toThrow(
      "the encoder teacher has the operation 'WriteFile'",
    );
    expect(await isWritten()).toBe(false);
  });
});

describe('a SavedModel that answers with the bytes of a file', () => {
  test('acts in TensorFlow alone', async () => {
    await writeFile(canary, 'key');
    const folder = await put(readsFile(canary, 3));
    const model = await tf.node.loadSavedModel(folder, ['serve'], 'serving_default');
    const { y } = model.predict({ x: tf.zeros([1, 3]) }) as tfTypes.NamedTensorMap;
    expect(Buffer.from(y!.dataSync()).toString()).toBe('key');
    y!.dispose();
    model.dispose();
  });

  test('is refused', async () => {
    await writeFile(canary, 'key');
    await put(readsFile(canary, 3));
    expect(await refusal({ savedModel: 'teacher' })).toContain("has the operation 'ReadFile'");
  });
});

test('an ONNX model that never ends is refused', async () => {
  await put(endlessOnnx(undefined), 'model.onnx');
  expect(await refusal({ onnx: 'teacher/model.onnx' })).toBe(
    "the ONNX model teacher/model.onnx has the operator 'Loop' (node 'the Loop') with an unknown number of iterations, and only a constant number of at most 10000 is allowed",
  );
});

test('an ONNX model with a short loop is a teacher', async () => {
  await put(endlessOnnx(3), 'model.onnx');
  const config = { onnx: 'teacher/model.onnx', output: 'logits' } as const;
  const opened = await open(dataset, config, vector(3), { scratch: outside, classes: 3 });
  opened.teacher.dispose();
});
