// Facts about encoders that their files give, and refusals before any is loaded.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FolderStore } from '../../../src/store/folder.ts';
import type { ObjectStore } from '../../../src/store/store.ts';
import {
  onnxModel,
  onnxNode,
  onnxPort,
  placeholder,
  savedModelFile,
  tensorflowNode,
} from '../../support/hostile-models.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { describeFixture, filesOf, fixtures, penultimateNode } from './fixtures.ts';

const teachers = new FolderStore(join(fixtures, '../teachers'));

const textFiles = () => filesOf('text', ['onnx/model.onnx', 'tokenizer.json']);
const imageFiles = () => filesOf('image', ['model.onnx', 'preprocessor_config.json']);

/** Describes the encoder of texts with some files replaced. */
async function withFiles(files: Record<string, string>, config = {}) {
  const store = new MemoryStore({ ...(await textFiles()), ...files });
  return (await describeFixture('text', { path: '.', ...config }, store)).description;
}

const json = (value: unknown) => JSON.stringify(value);

const identity = (input: string, output: string) =>
  onnxNode({ operator: 'Identity', inputs: [input], outputs: [output] });

test('an encoder of texts has its files, its maximum and its dimension', async () => {
  const { description, folder } = await describeFixture('text', 'text/');
  expect(folder).toBe('text');
  expect(description).toMatchObject({
    reads: 'text',
    format: 'onnx',
    model: 'onnx/model.onnx',
    dimension: 6,
    maxLength: 12,
    normalize: false,
    batchSize: 32,
  });
  expect(description.files.map(({ path }) => path)).toEqual([
    'onnx/model.onnx',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
  expect(description.pooling).toBeUndefined();
  for (const path of ['text/onnx/model.onnx', './text', 'text/.']) {
    expect((await describeFixture('text', path)).description).toMatchObject({
      digest: description.digest,
    });
  }
});

test('an encoder of images may rescale pixels itself, as Keras and its exporters name it', async () => {
  const files = await imageFiles();
  const nodes = [
    onnxNode({ operator: 'Mul', inputs: ['pixels', 'b'], outputs: ['functional/rescaling/Mul'] }),
  ];
  const isRescaling = async (more: object) =>
    (await describeFixture('image', '.', new MemoryStore({ ...files, ...more }))).isRescaling;
  expect(await isRescaling({})).toBe(false);
  const outputs = [onnxPort('functional/rescaling/Mul', ['n', 4])];
  expect(await isRescaling({ 'model.onnx': onnxModel({ nodes, outputs }) })).toBe(true);
});

test('an encoder of images has its pixels; another size scales the size before the crop', async () => {
  const { description } = await describeFixture('image', 'image');
  expect(description.features).toMatchObject({ height: 8, width: 8, mean: [0.5, 0.5, 0.5] });
  const preprocess = {
    resize: { fit: 'shortest-side-then-center-crop', size: 10 },
    crop: 8,
  } as const;
  const large = await describeFixture('image', { path: 'image', preprocess, size: [16, 24] });
  expect(large.description.features).toMatchObject({
    height: 16,
    width: 24,
    pixels: { resized: { height: 20, width: 30 } },
  });
});

describe('the output with the embedding', () => {
  const described = async (names: readonly string[], config = {}) => {
    const nodes = names.map((name) => identity('x', name));
    const outputs = names.map((name) => onnxPort(name, ['n', 3]));
    const files = {
      ...(await filesOf('text', ['tokenizer.json'])),
      'model.onnx': onnxModel({ nodes, outputs }),
    };
    return describeFixture('text', { path: '.', ...config }, new MemoryStore(files));
  };

  test('is found by its name also if the files state a pooling', async () => {
    const names = ['pooler_output', 'sentence_embedding'];
    const { description } = await described(names, { pooling: 'mean' });
    expect(description.pooling).toBe('mean');
  });

  test('is not found among very many, of which the first are named', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `output${index}`);
    await expect(described(names)).rejects.toThrow(/output19: float32 \[n, 3\] and 980 more$/);
    await expect(described(names, { embeddingName: 'z' })).rejects.toThrow(
      /output18, output19 and 980 more$/,
    );
  });
});

test('a model of images and texts has a file for each', async () => {
  const { 'model.onnx': images, ...preprocessing } = await imageFiles();
  const { 'onnx/model.onnx': texts, ...tokenizer } = await textFiles();
  const store = new MemoryStore({
    'onnx/model.onnx': onnxModel({ nodes: [] }),
    'onnx/vision_model.onnx': images!,
    'onnx/text_model.onnx': texts!,
    ...preprocessing,
    ...tokenizer,
  });
  const image = await describeFixture('image', '.', store);
  expect(image.description.model).toBe('onnx/vision_model.onnx');
  const text = await describeFixture('text', '.', store);
  expect(text.description.model).toBe('onnx/text_model.onnx');
});

describe('settings of sentence-transformers', () => {
  const modules = (...types: string[]) =>
    json(types.map((type, idx) => ({ idx, name: `${idx}`, path: `${idx}_x`, type })));
  const transformer = 'sentence_transformers.models.Transformer';

  test.each([
    [{ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false }, 'cls'],
    [{ pooling_mode_mean_tokens: true }, 'mean'],
    [{ pooling_mode_max_tokens: true }, 'max'],
    [{ pooling_mode: 'mean' }, 'mean'],
  ])('%j is %s', async (fields, pooling) => {
    const file = json({ word_embedding_dimension: 6, ...fields });
    const description = await withFiles({ '1_Pooling/config.json': file });
    expect(description).toMatchObject({ pooling, dimension: 6 });
    const set = await withFiles({ '1_Pooling/config.json': file }, { pooling: 'max' });
    expect(set.pooling).toBe('max');
  });

  test('normalize, and have the maximum length', async () => {
    const description = await withFiles({
      'modules.json': modules(transformer, 'sentence_transformers.models.Normalize'),
      'sentence_bert_config.json': json({ max_seq_length: 7 }),
      'tokenizer_config.json': json({ model_max_length: 9 }),
    });
    expect(description).toMatchObject({ normalize: true, maxLength: 7 });
  });

  test.each([
    [{ 'modules.json': modules('x.Dense') }, 'has the module x.Dense, which is not computed here'],
    [
      { '1_Pooling/config.json': json({ pooling_mode_lasttoken: true }) },
      'has the pooling lasttoken',
    ],
    [
      {
        '1_Pooling/config.json': json({
          pooling_mode_cls_token: true,
          pooling_mode_max_tokens: true,
        }),
      },
      'has the pooling cls and max',
    ],
    [{ 'config.json': '{' }, "the encoder's config.json is not JSON"],
  ])('refused: %j', async (files, message) => {
    await expect(withFiles(files as Record<string, string>)).rejects.toThrow(message);
  });
});

test.each([
  [{}, 512],
  [{ 'tokenizer_config.json': json({ model_max_length: 1e30 }) }, 512],
  [{ 'tokenizer_config.json': json({ model_max_length: 8192 }) }, 512],
  [{ 'tokenizer.json': 'truncated' }, 9],
  [{ 'tokenizer.json': 'truncated', 'tokenizer_config.json': json({ model_max_length: 20 }) }, 20],
  [{ 'config.json': json({ max_position_embeddings: 130, model_type: 'roberta' }) }, 128],
  [{ 'config.json': json({ max_position_embeddings: 130, model_type: 'bert' }) }, 130],
])('the maximum length of %j is %i', async (files, expected) => {
  const tokenizer = String((await textFiles())['tokenizer.json']);
  const truncated = tokenizer.replace('"truncation": null', '"truncation": { "max_length": 9 }');
  const written = Object.entries(files).map(([name, body]) => [
    name,
    body === 'truncated' ? truncated : body,
  ]);
  expect((await withFiles(Object.fromEntries(written))).maxLength).toBe(expected);
});

describe('the side on which texts are cut', () => {
  /** Describes the encoder with a side in tokenizer.json, and one in tokenizer_config.json. */
  async function withSides(direction: string, side?: string) {
    const tokenizer = String((await textFiles())['tokenizer.json']);
    const truncation = json({ direction, max_length: 9 });
    return withFiles({
      'tokenizer.json': tokenizer.replace('"truncation": null', `"truncation": ${truncation}`),
      'tokenizer_config.json': json({ truncation_side: side }),
    });
  }

  test.each([
    { direction: 'Left', side: 'right' },
    { direction: 'Right', side: undefined },
  ])('may be the end: $direction, $side', async ({ direction, side }) => {
    expect((await withSides(direction, side)).maxLength).toBe(9);
  });

  test.each([
    { direction: 'Left', side: undefined, found: 'tokenizer.json .*truncation.direction: "Left"' },
    { direction: 'Right', side: 'left', found: 'tokenizer_config.json .*truncation_side: "left"' },
  ])('may not be the start: $direction, $side', async ({ direction, side, found }) => {
    await expect(withSides(direction, side)).rejects.toThrow(new RegExp(found));
  });
});

describe('refused', () => {
  test('a maximum length above the positions of the model', async () => {
    await expect(describeFixture('text', { path: 'text', maxLength: 17 })).rejects.toThrow(
      'encoder.maxLength is 17, and the encoder text reads at most 16 tokens',
    );
  });

  test.each([
    ['text', { path: 'text-classifier' }, "its output 'logits' [n, 3] has the name", 'pooled'],
    ['image', { path: 'image', file: 'classifier.onnx' }, 'is computed by Softmax', 'features'],
  ] as const)(
    'a classifier of %ss, with its penultimate tensor',
    async (reads, config, reason, tensor) => {
      await expect(describeFixture(reads, config)).rejects.toMatchObject({
        name: 'UserError',
        message: expect.stringContaining(reason),
        hint: `Set encoder.embeddingName: ${tensor}. It is the input of the last layer.`,
      });
      const { description } = await describeFixture(reads, { ...config, embeddingName: tensor });
      expect(description.embeddingName).toBe(tensor);
    },
  );

  test.each([
    ['a cycle', [identity('b', 'logits'), identity('logits', 'b')]],
    [
      '2^50 ways to the input',
      Array.from({ length: 50 }, (_, level) => {
        const input = `level ${level}`;
        const output = level === 49 ? 'logits' : `level ${level + 1}`;
        return onnxNode({ operator: 'Add', inputs: [input, input], outputs: [output] });
      }),
    ],
  ])('a classifier whose graph has %s', async (_, nodes) => {
    const outputs = [onnxPort('logits', ['n', 3])];
    const { 'preprocessor_config.json': preprocessing } = await imageFiles();
    const store = new MemoryStore({
      'model.onnx': onnxModel({ nodes, outputs }),
      'preprocessor_config.json': preprocessing!,
    });
    await expect(describeFixture('image', '.', store)).rejects.toThrow('is a classifier');
  });

  test('a model that scores words or labels per token', async () => {
    const files = await filesOf('text', ['tokenizer.json', 'config.json']);
    const outputs = [onnxPort('logits', ['n', 'length', 30_522])];
    const store = new MemoryStore({ ...files, 'model.onnx': onnxModel({ nodes: [], outputs }) });
    await expect(describeFixture('text', '.', store)).rejects.toThrow(
      "its output 'logits' [n, ?, 30522] has the name of class scores",
    );
  });

  test('a prompt before every text', async () => {
    const withPrompts = (settings: object) =>
      withFiles({
        'config_sentence_transformers.json': json({ prompts: { query: 'query: ' }, ...settings }),
      });
    await expect(withPrompts({ default_prompt_name: 'query' })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(
        '"query: " before every text (default_prompt_name: "query")',
      ),
      hint: expect.stringContaining('set default_prompt_name to null'),
    });
    const { digest } = await withFiles({});
    expect(await withPrompts({ default_prompt_name: null })).toMatchObject({ digest });
    const empty = { default_prompt_name: 'query', prompts: { query: '' } };
    expect(await withPrompts(empty)).toMatchObject({ digest });
  });

  test('a classifier of which only config.json shows its classes', async () => {
    const { 'preprocessor_config.json': preprocessing } = await imageFiles();
    const model = onnxModel({ nodes: [], outputs: [onnxPort('output', ['n', 3])] });
    const files = { 'model.onnx': model, 'preprocessor_config.json': preprocessing! };
    const classes = json({ id2label: { 0: 'a', 1: 'b', 2: 'c' } });
    await expect(
      describeFixture('image', '.', new MemoryStore({ ...files, 'config.json': classes })),
    ).rejects.toThrow('config.json names 3 classes, as many numbers as its output');
    const others = json({ id2label: { 0: 'a', 1: 'b' } });
    const store = new MemoryStore({ ...files, 'config.json': others });
    expect((await describeFixture('image', '.', store)).description.format).toBe('onnx');
  });

  describe('a classifier of TensorFlow', () => {
    const keras = 'saved-model-keras/model';
    const grey = { preprocess: { resize: { size: 8 }, mean: [0], std: [1] } };
    const refusal = (path: string, config: object = {}, store: ObjectStore = teachers) =>
      describeFixture('image', { path, ...grey, ...config }, store);

    test('as a GraphModel, with its penultimate tensor', async () => {
      await expect(refusal('graph-model')).rejects.toMatchObject({
        message:
          "the encoder graph-model is a classifier, not an encoder: its output 'classes' [n, 3] is computed by Softmax",
        hint: `Set encoder.embeddingName: ${penultimateNode}. It is the input of the last layer.`,
      });
      const { description } = await refusal('graph-model', { embeddingName: penultimateNode });
      expect(description.embeddingName).toBe(penultimateNode);
    });

    test('as a SavedModel of Keras, whose layers are in functions', async () => {
      await expect(refusal(keras)).rejects.toMatchObject({
        message: `the encoder ${keras} is a classifier, not an encoder: its output 'output_0' [n, 3] is computed by Softmax`,
        hint: expect.stringMatching(/^Export the model without .*model\.layers\[-2\].output\)/),
      });
      await expect(refusal(keras, { embeddingName: 'x' })).rejects.toThrow(
        `'x' is not an output of the encoder ${keras}; its outputs are output_0`,
      );
    });

    /** Features, and scores of 3 classes without names or Softmax. */
    const graphModel = (signature?: object) => ({
      'm/model.json': json({
        format: 'graph-model',
        modelTopology: {
          node: [
            { name: 'x', op: 'Placeholder' },
            { name: 'w', op: 'Const' },
            { name: 'features', op: 'Relu', input: ['x'] },
            { name: 'scores', op: '_FusedMatMul', input: ['features', 'w', '^x'] },
          ],
        },
        weightsManifest: [],
        ...signature,
      }),
    });
    const three = { name: 'scores:0', tensorShape: { dim: [{ size: '-1' }, { size: '3' }] } };
    const classes = { 'm/config.json': json({ id2label: { 0: 'a', 1: 'b', 2: 'c' } }) };

    test.each([
      { signature: { outputs: { y: three } } },
      { userDefinedMetadata: { signature: { outputs: { y: three } } } },
    ])('as a GraphModel of which config.json shows the classes: %j', async (signature) => {
      const store = new MemoryStore({ ...graphModel(signature), ...classes });
      await expect(refusal('m', {}, store)).rejects.toMatchObject({
        message: expect.stringContaining('config.json names 3 classes, as many numbers as its'),
        hint: 'Set encoder.embeddingName: features. It is the input of the last layer.',
      });
      const features = { name: 'features:0', dtype: 'DT_FLOAT' };
      const other = { ...graphModel({ signature: { outputs: { y: features } } }), ...classes };
      const found = await refusal('m', {}, new MemoryStore(other));
      expect(found.description.format).toBe('graphModel');
    });

    test('as a GraphModel without a signature', async () => {
      const named = String(graphModel()['m/model.json']).replace('"scores"', '"logits"');
      const store = new MemoryStore({ 'm/model.json': named });
      await expect(refusal('m', {}, store)).rejects.toMatchObject({
        message: expect.stringContaining("its output 'logits' [unknown] has the name"),
        hint: 'Set encoder.embeddingName: features. It is the input of the last layer.',
      });
    });

    const savedModel = (tensor: string) => ({
      'm/saved_model.pb': savedModelFile({
        nodes: [
          placeholder('x', [1, 3]),
          tensorflowNode('features', 'Relu', ['x']),
          tensorflowNode('classes', 'Sigmoid', ['features']),
          tensorflowNode('copy', 'Identity', ['classes:0', '^x']),
        ],
        inputs: [['x', 'x:0']],
        signatures: { serving_default: [['y', tensor]] },
      }),
    });

    test('as a SavedModel without functions', async () => {
      await expect(refusal('m', {}, new MemoryStore(savedModel('copy:0')))).rejects.toThrow(
        "its output 'y' [1, 3] is computed by Sigmoid",
      );
      const encoder = savedModel('features:0');
      const found = await refusal('m', {}, new MemoryStore(encoder));
      expect(found.description.format).toBe('savedModel');
      const named = new MemoryStore({ ...encoder, ...classes });
      await expect(refusal('m', {}, named)).rejects.toThrow('config.json names 3 classes');
    });

    test.each([
      ['nothing', Buffer.alloc(0)],
      ['half a file', savedModel('copy:0')['m/saved_model.pb'].subarray(0, 99)],
    ])('not as a SavedModel of %s, which TensorFlow then refuses', async (_, bytes) => {
      const store = new MemoryStore({ 'm/saved_model.pb': bytes });
      expect((await refusal('m', {}, store)).description.format).toBe('savedModel');
    });
  });

  test('a tensor that does not exist', async () => {
    await expect(describeFixture('image', { path: 'image', embeddingName: 'x' })).rejects.toThrow(
      "'x' is not a tensor of the encoder image; its outputs are feature_map",
    );
  });

  test('a folder without a model, a tokenizer or preprocessing', async () => {
    await expect(describeFixture('text', 'nowhere')).rejects.toThrow(
      'encoder: there is no model.onnx, onnx/model.onnx, saved_model.pb or model.json in',
    );
    const model = await filesOf('text', ['onnx/model.onnx']);
    await expect(describeFixture('text', '.', new MemoryStore(model))).rejects.toThrow(
      'the encoder . has no tokenizer.json',
    );
    const { 'model.onnx': file } = await imageFiles();
    const store = new MemoryStore({ 'model.onnx': file! });
    await expect(describeFixture('image', '.', store)).rejects.toThrow(
      'has no preprocessor_config.json',
    );
  });

  test('a tokenizer with more ids than the table of the model has rows', async () => {
    const { 'tokenizer.json': bytes } = await textFiles();
    const tokenizer = JSON.parse(Buffer.from(bytes!).toString());
    tokenizer.model.vocab.more = 14;
    await expect(withFiles({ 'tokenizer.json': json(tokenizer) })).rejects.toThrow(
      'has ids up to 14, and the model knows 14 ids: they do not belong together',
    );
  });

  test.each([
    ['../text', 'is outside the dataset', 'Copy the folder of the encoder into the dataset'],
    ['/models/text', 'is outside the dataset', 'Copy the folder of the encoder into the dataset'],
    ['https://huggingface.co/a/b', 'is an address', 'write hf:OWNER/NAME@REVISION'],
    [{ path: 'text/onnx/model.onnx', file: 'x.onnx' }, "names 'x.onnx'", 'or remove encoder.file'],
  ])('the path %j', async (path, message, hint) => {
    await expect(describeFixture('text', path)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  test('a file of another tool', async () => {
    await expect(describeFixture('text', 'encoder.safetensors')).rejects.toThrow(
      'is a PyTorch file, which counterweight cannot read',
    );
  });
});

test('the digest depends on the files and the settings, not on the place', async () => {
  const { digest } = await withFiles({});
  expect((await withFiles({ 'other.txt': 'x' })).digest).toBe(digest);
  const others = [
    await withFiles({ 'tokenizer_config.json': '{}' }),
    await withFiles({}, { pooling: 'cls' }),
    await withFiles({}, { normalize: true }),
    await withFiles({}, { maxLength: 100 }),
  ];
  expect(new Set([digest, ...others.map((one) => one.digest)]).size).toBe(5);
});
