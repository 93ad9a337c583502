import { beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/digest.ts';
import {
  descriptionFile,
  exporters,
  layersModelExporter,
  saveModel,
  topologyFile,
  weightsFile,
} from '../../src/models/exporters.ts';
import {
  isModelSaved,
  readExports,
  readModelFiles,
  writeModelFiles,
} from '../../src/models/model-files.ts';
import { createNgrams } from '../../src/models/ngrams/model.ts';
import { ngramsFile, ngramsWeightsFile } from '../../src/models/ngrams/names.ts';
import type { StudentDescription } from '../../src/models/student-description.ts';
import { readBytes } from '../../src/store/once.ts';
import { sealJson } from '../../src/store/seal.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { refusalOf } from '../support/refusal.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const description: StudentDescription = {
  classes: ['a', 'b'],
  features: { kind: 'text', maxCharacters: 100 },
  createdBy: 'test',
};
const noWeights = {
  format: 'layers-model',
  weightsManifest: [{ paths: [weightsFile], weights: [] }],
};
const loaded = [...layersModelExporter.files, descriptionFile];
const all = [...Object.values(exporters).flatMap(({ files }) => files), descriptionFile];

test('a model is saved when its last file is written, which is student.json', async () => {
  const store = new MemoryStore();
  const written: string[] = [];
  const write = store.write.bind(store);
  store.write = async (key, body) => {
    expect(await isModelSaved(store, 'students/a/')).toBe(false);
    written.push(key);
    return write(key, body);
  };
  const bodies = new Map([
    [descriptionFile, sealJson(description)],
    [topologyFile, sealJson(noWeights)],
    [weightsFile, bytes('')],
  ]);
  const files = new Map(all.map((name) => [name, bodies.get(name) ?? bytes(name)]));
  await writeModelFiles(store, 'students/a/', files);
  expect(written).toEqual(all.map((name) => `students/a/${name}`));
  expect(written.at(-1)).toBe('students/a/student.json');
  expect(await isModelSaved(store, 'students/a/')).toBe(true);
  expect([...(await readModelFiles(store, 'students/a/')).keys()]).toEqual(loaded);
  expect(await readExports(store, 'students/a/')).toEqual(
    new Map(Array.from(files, ([name, body]) => [name, Buffer.from(body)])),
  );
});

test('files of an exporter that came later are left out, those to load from are required', async () => {
  const student = Buffer.from(sealJson(description));
  const store = new MemoryStore({ 'students/a/student.json': student });
  expect([...(await readExports(store, 'students/a/')).keys()]).toEqual(['student.json']);
  await expect(readModelFiles(store, 'students/a/')).rejects.toThrow('model.json');
});

test('a student without its encoder is not exported', async () => {
  const examples = { kind: 'text', maxCharacters: 100 } as const;
  const head = { ...description, features: { kind: 'vector', length: 8 }, examples, files: {} };
  const store = new MemoryStore({ 'students/a/student.json': Buffer.from(sealJson(head)) });
  await expect(readExports(store, 'students/a/')).rejects.toThrow(
    'students/a/encoder/encoder.json is missing',
  );
});

describe('the files of a saved model', () => {
  const shape = { dimension: 2, hidden: 0, wordNgrams: 1, minChars: 0, maxChars: 0, buckets: 8 };
  const folder = 'students/a/';
  let store: MemoryStore;
  beforeEach(async () => {
    store = new MemoryStore();
    const model = createNgrams(shape, 2, 1, false);
    await writeModelFiles(store, folder, await saveModel(model, description));
  });

  test.each([ngramsFile, ngramsWeightsFile])('are loaded only unchanged: %s', async (name) => {
    await expect(readModelFiles(store, folder)).resolves.toBeDefined();
    const body = Uint8Array.from(await readBytes(store, folder + name));
    body[body.length - 2]! ^= 1;
    await store.write(folder + name, body);
    const error = await refusalOf(readModelFiles(store, folder));
    expect(String(error)).toContain(`${folder}${name} was changed after it was written`);
  });

  test.each([ngramsFile, ngramsWeightsFile])('are exported only unchanged: %s', async (name) => {
    const key = folder + name;
    const body = await readBytes(store, key);
    expect((await readExports(store, folder)).get(name)).toEqual(body);
    await store.write(key, body.subarray(1));
    await expect(readExports(store, folder)).rejects.toMatchObject({
      message: expect.stringContaining(`${key} was changed`),
      hint: expect.stringContaining(`rm -f 'memory/${key}'`),
    });
    const description = `${folder}${descriptionFile}`;
    const left = new MemoryStore({ [description]: await readBytes(store, description) });
    await expect(readExports(left, folder)).rejects.toThrow('is missing');
  });

  test('also those that were added later', async () => {
    const key = `${folder}model.onnx`;
    const added = new Map([['model.onnx', sha256('with the encoder')]]);
    await expect(readExports(store, folder, added)).rejects.toThrow(`${key} is missing`);
    await store.write(key, bytes('with the encoder'));
    expect([...(await readExports(store, folder, added)).keys()]).toContain('model.onnx');
    await store.write(key, bytes('with an encoder'));
    await expect(readExports(store, folder, added)).rejects.toThrow(`${key} was changed`);
  });

  test('are all there, or the model is not saved', async () => {
    expect(await isModelSaved(store, folder)).toBe(true);
    const left = new MemoryStore({
      [folder + descriptionFile]: await readBytes(store, folder + descriptionFile),
    });
    expect(await isModelSaved(left, folder)).toBe(false);
  });
});
