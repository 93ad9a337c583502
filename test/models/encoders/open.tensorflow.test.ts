import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { encoderSchema } from '../../../src/models/encoders/config.ts';
import { describeEncoder } from '../../../src/models/encoders/describe.ts';
import type { EncoderReads } from '../../../src/models/encoders/encoder.ts';
import { openDescribed, openEncoder } from '../../../src/models/encoders/open-encoder.ts';
import { storeEncoder } from '../../../src/models/encoders/stored-encoder.ts';
import { loadGraphModel } from '../../../src/models/teachers/graph-model.ts';
import type { LoadedModel } from '../../../src/models/teachers/loaded-model.ts';
import { loadSavedModel } from '../../../src/models/teachers/saved-model.ts';
import { FolderStore } from '../../../src/store/folder.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import {
  describeFixture,
  filesOf,
  penultimateNode,
  readExpected,
  textExamples,
} from './fixtures.ts';

const teachers = join(import.meta.dirname, '../../fixtures/teachers');
let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'encoder-test-'));
});
afterAll(() => rm(scratch, { recursive: true }));

async function open(reads: EncoderReads, config: z.input<typeof encoderSchema>) {
  return openDescribed(await describeFixture(reads, config), scratch);
}

function rowsOf({ embeddings }: { embeddings: Float32Array }, dimension: number): number[][] {
  const rows: number[][] = [];
  for (let start = 0; start < embeddings.length; start += dimension) {
    rows.push([...embeddings.subarray(start, start + dimension)]);
  }
  return rows;
}

function expectClose(rows: readonly number[][], expected: readonly (readonly (number | null)[])[]) {
  expect(rows).toHaveLength(expected.length);
  rows.forEach((row, index) => {
    for (const [axis, value] of row.entries()) {
      const wanted = expected[index]![axis]!;
      if (wanted === null) expect(value).toBeNaN();
      else expect(value).toBeCloseTo(wanted, 4);
    }
  });
}

describe('an encoder of texts', () => {
  test.each(['cls', 'mean', 'max'] as const)('pools by %s, as numpy does', async (pooling) => {
    const encoder = await open('text', { path: 'text', pooling, batchSize: 2 });
    const { texts, ...expected } = await readExpected('text');
    const embedded = await encoder.embed(textExamples(texts));
    expectClose(rowsOf(embedded, encoder.dimension), expected[pooling]);
    expect([...embedded.rejected]).toEqual([
      [3, { id: 't3', reason: 'Its text is empty.' }],
      [5, { id: 't5', reason: 'The encoder gives it an embedding with NaN or infinite numbers.' }],
    ]);
    expect(embedded.truncated).toBe(0);
    encoder.dispose();
  });

  test('cuts long texts, and counts them', async () => {
    const encoder = await open('text', { path: 'text', maxLength: 4 });
    const { embeddings, truncated } = await encoder.embed(
      textExamples(['good film', 'good film was bad', 'good film was']),
    );
    const [whole, ...cut] = rowsOf({ embeddings }, encoder.dimension);
    expect(cut).toEqual([whole, whole]);
    expect(truncated).toBe(2);
    encoder.dispose();
  });

  test('normalizes if the config asks for it', async () => {
    const encoder = await open('text', { path: 'text', normalize: true });
    const embedded = await encoder.embed(textExamples(['good', 'bad']));
    for (const row of rowsOf(embedded, encoder.dimension)) {
      expect(Math.hypot(...row)).toBeCloseTo(1, 5);
    }
    encoder.dispose();
  });

  test('is a tensor inside a classifier, if the config names it', async () => {
    const encoder = await open('text', { path: 'text-classifier', embeddingName: 'pooled' });
    const { texts, cls } = await readExpected('text');
    expectClose(rowsOf(await encoder.embed(textExamples(texts)), encoder.dimension), cls);
    encoder.dispose();
  });

  test('reads lower case if sentence_bert_config.json asks for it', async () => {
    const files = await filesOf('text', ['onnx/model.onnx', 'tokenizer.json']);
    const cased = String(files['tokenizer.json']).replace(
      '"lowercase": true',
      '"lowercase": false',
    );
    const config = JSON.stringify({ do_lower_case: true });
    const store = new MemoryStore({
      ...files,
      'tokenizer.json': cased,
      'sentence_bert_config.json': config,
    });
    const encoder = await openDescribed(await describeFixture('text', '.', store), scratch);
    const { embeddings } = await encoder.embed(textExamples(['GOOD film', 'good Film']));
    const [upper, lower] = rowsOf({ embeddings }, encoder.dimension);
    expect(upper).toEqual(lower);
    const unknown = await encoder.embed(textExamples(['x']));
    expect(rowsOf(unknown, encoder.dimension)).not.toEqual([upper]);
    encoder.dispose();
  });

  test('has one vector per text', async () => {
    await expect(open('text', { path: 'text', pooling: 'none' })).rejects.toThrow(
      "encoder.pooling is none, and the output 'last_hidden_state' of the encoder text is [2, 5, 6]",
    );
  });
});

describe('an encoder of images', () => {
  async function images() {
    const { pixels, embeddings } = await readExpected('image');
    const examples = (pixels as number[][][][]).map(async (image, row) => {
      const raw = { width: 8, height: 8, channels: 3 } as const;
      const bytes = await sharp(Buffer.from(image.flat(2)), { raw })
        .png()
        .toBuffer();
      return { id: `i${row}`, label: undefined, content: { kind: 'image' as const, bytes } };
    });
    return { examples: await Promise.all(examples), embeddings };
  }

  test.each(['model.onnx', 'embedding.onnx'])('%s gives what onnxruntime gives', async (file) => {
    const encoder = await open('image', { path: 'image', file, batchSize: 2 });
    const { examples, embeddings } = await images();
    const broken = {
      ...examples[0]!,
      content: { kind: 'image', bytes: Buffer.from('x') },
    } as const;
    const embedded = await encoder.embed([...examples.slice(0, 2), broken, examples[2]!]);
    const [a, b, none, c] = rowsOf(embedded, encoder.dimension);
    expectClose([a!, b!, c!], embeddings);
    expect(none).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    expect([...embedded.rejected.keys()]).toEqual([2]);
    encoder.dispose();
  });
});

/** Three grey images, as examples and as numbers. */
async function greyImages() {
  const pixels = Array.from({ length: 3 }, (_, row) =>
    Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 37 + row * 91) % 256)),
  );
  const values = Float32Array.from(
    pixels.flatMap((image) => [...image]),
    (value) => value / 255,
  );
  const examples = pixels.map(async (image, row) => {
    const raw = { width: 8, height: 8, channels: 1 } as const;
    const bytes = await sharp(image, { raw }).png().toBuffer();
    return { id: `i${row}`, label: undefined, content: { kind: 'image' as const, bytes } };
  });
  return { values, examples: await Promise.all(examples) };
}

/** Opens an encoder of grey images. */
async function openGrey(path: string, embeddingName: string) {
  const preprocess = { resize: { size: 8 }, mean: [0], std: [1] };
  const config = encoderSchema.parse({ path, embeddingName, preprocess, batchSize: 2 });
  return openDescribed(await describeEncoder(new FolderStore(teachers), config, 'image'), scratch);
}

/** Runs a model on grey images; returns its first output. */
async function outputOf(model: LoadedModel, values: Float32Array) {
  const { name: input } = model.inputs[0]!;
  const { name } = model.outputs[0]!;
  const [output] = await model.run([{ name: input, shape: [3, 8, 8, 1], values }], [name]);
  model.dispose();
  return { name, values: output!.values };
}

const openGraphModel = () => loadGraphModel(join(teachers, 'graph-model/model.json'));

test.each([
  ['graph-model', openGraphModel],
  [
    'saved-model-keras/model',
    () => loadSavedModel(join(teachers, 'saved-model-keras/model'), 'a model'),
  ],
])('%s, grey images of TensorFlow', async (path, load) => {
  const { values, examples } = await greyImages();
  const expected = await outputOf(await load(), values);
  const encoder = await openGrey(path, expected.name);
  const { embeddings, rejected } = await encoder.embed(examples);
  expect(rejected.size).toBe(0);
  expect(encoder.dimension).toBe(3);
  for (const [index, value] of embeddings.entries()) {
    expect(value).toBeCloseTo(expected.values[index]!, 5);
  }
  encoder.dispose();
});

test('the penultimate tensor of a GraphModel gives its output by the last layer', async () => {
  const { values, examples } = await greyImages();
  const expected = await outputOf(await openGraphModel(), values);
  const encoder = await openGrey('graph-model', penultimateNode);
  const weightOf = await graphModelWeights();
  const weights = weightOf('sequential_1/classes_1/Cast/ReadVariableOp/resource');
  const bias = weightOf('sequential_1/classes_1/BiasAdd/ReadVariableOp/resource');
  const probabilities = rowsOf(await encoder.embed(examples), encoder.dimension).flatMap((row) => {
    const exponentials = [...bias].map((start, label) =>
      Math.exp(row.reduce((sum, value, index) => sum + value * weights[index * 3 + label]!, start)),
    );
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    return exponentials.map((value) => value / total);
  });
  expect(probabilities).toHaveLength(9);
  for (const [index, value] of probabilities.entries()) {
    expect(value).toBeCloseTo(expected.values[index]!, 5);
  }
  encoder.dispose();
});

/** Returns the function that finds a weight of the GraphModel by its name. */
async function graphModelWeights() {
  const folder = join(teachers, 'graph-model');
  const model = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  const bytes = await readFile(join(folder, 'group1-shard1of1.bin'));
  let offset = 0;
  const found = new Map<string, Float32Array>();
  for (const { name, shape } of model.weightsManifest[0].weights) {
    // All weights have four bytes per number.
    const size = 4 * shape.reduce((product: number, edge: number) => product * edge, 1);
    found.set(
      name,
      new Float32Array(Uint8Array.from(bytes.subarray(offset, offset + size)).buffer),
    );
    offset += size;
  }
  expect(offset).toBe(bytes.length);
  return (name: string) => found.get(name)!;
}

describe('a stored encoder', () => {
  test('opens from the results, and refuses a file that has changed', async () => {
    const results = new MemoryStore();
    const described = await describeFixture('text', 'text');
    await storeEncoder(described, results, 'encoders/x/');
    const encoder = await openEncoder(results, 'encoders/x/', scratch);
    expect(encoder).toMatchObject({ digest: described.description.digest, dimension: 6 });
    encoder.dispose();
    await results.write('encoders/x/tokenizer.json', Buffer.from('{}'));
    await expect(openEncoder(results, 'encoders/x/', join(scratch, 'other'))).rejects.toThrow(
      'tokenizer.json of the encoder text has changed since the run was planned',
    );
  });

  test('is not stored if a file changes after it was described', async () => {
    const store = new MemoryStore(await filesOf('text', ['onnx/model.onnx', 'tokenizer.json']));
    const described = await describeFixture('text', '.', store);
    await store.write('tokenizer.json', Buffer.from('{}'));
    const results = new MemoryStore();
    await expect(storeEncoder(described, results, 'e/')).rejects.toThrow(
      'tokenizer.json of the encoder . has changed while it was read',
    );
    expect(await results.head('e/tokenizer.json')).toBeUndefined();
  });

  test('has the dimension that its files state', async () => {
    const files = await filesOf('text', ['onnx/model.onnx', 'tokenizer.json']);
    const config = JSON.stringify({ hidden_size: 8 });
    const store = new MemoryStore({ ...files, 'config.json': config });
    const described = await describeFixture('text', '.', store);
    await expect(openDescribed(described, scratch)).rejects.toThrow(
      "has 6 numbers per embedding, and the encoder's files state 8",
    );
  });
});
