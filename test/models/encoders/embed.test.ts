// Batches and embeddings of models that a test makes up.
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { embedWith } from '../../../src/models/encoders/embed.ts';
import type { EncoderDescription } from '../../../src/models/encoders/encoder.ts';
import { imageInput } from '../../../src/models/encoders/image-input.ts';
import { poolAxes } from '../../../src/models/encoders/pooling.ts';
import { textBatches } from '../../../src/models/encoders/text-batches.ts';
import { textInput } from '../../../src/models/encoders/text-input.ts';
import type { LoadedModel } from '../../../src/models/teachers/loaded-model.ts';
import { textExamples } from './fixtures.ts';

const input_ids = { name: 'input_ids', dtype: 'int64', shape: [undefined, undefined] };

/** Makes a token of every word: its length. A sign alone gives none. */
function tokenizerOf(maxLength: number) {
  const idsOf = (text: string) =>
    text
      .split(/[ !]+/)
      .filter((word) => word !== '')
      .map(({ length }) => length);
  return {
    ...{ size: 10, padId: 0, maxLength },
    tokenize: (text: string) => {
      const ids = idsOf(text).slice(0, maxLength);
      return { ids, isEmpty: ids.length === 0, isTruncated: false };
    },
  };
}

test('a model is tried on two short texts, and on one of the maximum length', () => {
  const options = { inputs: [input_ids], tokenizer: tokenizerOf(512), batchSize: 8, source: 'e' };
  const { probe, longest } = textBatches(options);
  expect(probe().feeds).toMatchObject([{ shape: [2, 3] }]);
  expect(longest().feeds).toMatchObject([{ shape: [1, 512] }]);
});

test('one vector per text may have an axis of its own: [n, 1, dimension]', async () => {
  const output = { name: 'embedding', dtype: 'float32', shape: undefined };
  const model: LoadedModel = {
    ...{ inputs: [input_ids], outputs: [output], dispose: () => {} },
    run: async ([ids]) => {
      const [n, length] = ids!.shape;
      const firsts = Array.from({ length: n! }, (_, row) => Number(ids!.values[row * length!]));
      const values = Float32Array.from(firsts.flatMap((first) => [first, 2 * first]));
      return [{ shape: [n!, 1, 2], values }];
    },
  };
  const description: EncoderDescription = {
    ...{ digest: 'd', source: 'e', reads: 'text', format: 'onnx', model: 'model.onnx' },
    ...{ files: [], normalize: false, batchSize: 2, maxLength: 4 },
  };
  const tokenizer = tokenizerOf(4);
  const input = textInput({ inputs: [input_ids], tokenizer, batchSize: 2, source: 'e' });
  const probe = input.probe();
  const [probed] = await model.run(probe.feeds, []);
  const encoder = embedWith({ model, input, output, probed: probed!, probe, description });
  const texts = ['one', 'three words are', '!', 'four'];
  const { embeddings, rejected } = await encoder.embed(textExamples(texts));
  expect([...embeddings]).toEqual([3, 6, 5, 10, Number.NaN, Number.NaN, 4, 8]);
  model.run = () => Promise.reject(new Error('index out of bounds'));
  await expect(encoder.embed(textExamples(['one']))).rejects.toMatchObject({
    message: expect.stringMatching(/^e fails on inputs of \[1, 1\], .*: index out of bounds$/),
    hint: expect.stringContaining('set encoder.maxLength to their number'),
  });

  // Padding alone would have an embedding, too.
  expect([...rejected.values()]).toEqual([
    { id: 't2', reason: "The encoder's tokenizer finds no token in its text." },
  ]);
});

test.each([
  ['channels first', [2, 768, 7, 7], true, 1, [768, 49, true]],
  ['Swin of timm', [2, 7, 7, 768], true, 1, [768, 49, false]],
  ['Swin of timm, wide images', [2, 4, 8, 768], true, 0.5, [768, 32, false]],
  ['one position', [2, 1, 1, 64], true, 1, [64, 1, false]],
  ['TensorFlow', [2, 7, 7, 64], false, 1, [64, 49, false]],
  ['channels first, from channels last', [2, 64, 7, 7], false, 1, [64, 49, true]],
  ['rounded up', [2, 64, 4, 7], true, 100 / 224, [64, 28, true]],
  ['a cube', [2, 8, 8, 8], true, 1, [8, 64, true]],
] as const)('a map shows where its channels are: %s', (_, shape, channelsFirst, aspect, axes) => {
  const found = poolAxes(shape, { channelsFirst, aspect }, () => 'o');
  expect([found.dimension, found.positions, found.channelsFirst]).toEqual(axes);
});

test('a model of a fixed batch reads each image once, with channels first and blank rows', async () => {
  const inputs = [{ name: 'pixels', dtype: 'float32', shape: [4, 3, 1, 2] }];
  const features = {
    ...({ kind: 'image', height: 1, width: 2, channels: 3 } as const),
    ...{ mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] },
  };
  const options = { inputs, features, batchSize: 32, channelsFirst: true, source: 'e' };
  const examples = await Promise.all(
    [1, 2, 3, 4, 5].map(async (number) => {
      const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6).map((value) => value + 10 * number);
      const raw = { width: 2, height: 1, channels: 3 } as const;
      const bytes = await sharp(pixels, { raw }).png().toBuffer();
      return { id: String(number), label: undefined, content: { kind: 'image', bytes } as const };
    }),
  );
  const seen: number[][] = [];
  const notes = { rejected: new Map(), truncated: 0 };
  for await (const { feeds } of imageInput(options).batches(examples, notes)) {
    seen.push(Array.from(feeds[0]!.values as Float32Array, Math.round));
  }
  const planes = (number: number) => [1, 4, 2, 5, 3, 6].map((value) => value + 10 * number);
  expect(imageInput(options).probe().feeds[0]!.shape).toEqual([4, 3, 1, 2]);
  expect(seen).toEqual([[1, 2, 3, 4].flatMap(planes), [...planes(5), ...Array(18).fill(0)]]);
});

test.each([
  [
    ['float32', 3, 16, 16],
    '[n, 3, 16, 16], and the config gives 8 x 8 x 3',
    'Set encoder.size: [16, 16].',
  ],
  [
    ['float32', 1, 8, 8],
    '[n, 1, 8, 8], and',
    'Set encoder.preprocess with a mean and a std of 1 number.',
  ],
  [['uint8', 3, 8, 8], 'reads uint8', 'set encoder.preprocess: { scale: 0..255 }.'],
] as const)('images for the input %j are refused', ([dtype, ...shape], message, hint) => {
  const inputs = [{ name: 'pixel_values', dtype, shape: [undefined, ...shape] }];
  const size = { kind: 'image', height: 8, width: 8, channels: 3 } as const;
  const features = { ...size, mean: [0, 0, 0], std: [1, 1, 1] };
  const options = { inputs, features, batchSize: 2, channelsFirst: true, source: 'e' };
  expect(() => imageInput(options)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    }),
  );
});
