import { expect, test } from 'vitest';
import type { EncoderDescription } from '../../src/models/encoders/encoder.ts';
import { doubtsAbout } from '../../src/stages/plan/plan-encoders.ts';

const description: EncoderDescription = {
  ...{ digest: 'd', source: 'the encoder e', reads: 'text', format: 'onnx', model: 'model.onnx' },
  ...{ files: [], normalize: false, batchSize: 32, maxLength: 512 },
};
const tokens = { name: 'states', shape: [2, 3, 4], pooling: 'mean', channelsFirst: false } as const;

test('a pooling that no file states is named, unless it is the usual one of a map', () => {
  expect([...doubtsAbout({ description }, { output: tokens })]).toEqual([
    'No file of the encoder e states its pooling, and the mean of its tokens is the embedding. If it was trained otherwise, set encoder.pooling: cls.',
  ]);
  expect([...doubtsAbout({ description }, { output: { ...tokens, pooling: 'cls' } })]).toEqual([
    'No file of the encoder e states its pooling, and the vector of its first token is the embedding. If it was trained otherwise, set encoder.pooling: mean.',
  ]);
  const stated = { description: { ...description, pooling: 'mean' as const } };
  expect([...doubtsAbout(stated, { output: tokens })]).toEqual([]);
  const map = { ...tokens, shape: [2, 8, 4, 4] };
  expect([...doubtsAbout({ description }, { output: map })]).toEqual([]);
});

test('a tokenizer with far fewer ids than the model is doubted, and not for padding', () => {
  const described = { description: { ...description, pooling: 'mean' as const } };
  const doubts = (tokenizer: number, model: number) => [
    ...doubtsAbout({ ...described, ids: { tokenizer, model } }, { output: tokens }),
  ];
  expect(doubts(30_522, 250_002)).toEqual([
    'The tokenizer.json of the encoder e has 30,522 ids, and the model knows 250,002: give the tokenizer that the model was trained with, if this is another.',
  ]);
  expect(doubts(50_257, 50_304)).toEqual([]);
});

test('an encoder that rescales pixels itself is fed 0 to 255', () => {
  const output = { ...tokens, shape: [2, 4], pooling: 'none' } as const;
  const doubts = (std: number, isRescaling = true) => {
    const size = { kind: 'image', height: 8, width: 8, channels: 1 } as const;
    const features = { ...size, mean: [0], std: [std] };
    return [...doubtsAbout({ description: { ...description, features }, isRescaling }, { output })];
  };
  expect(doubts(1)).toEqual([
    'the encoder e has a layer that rescales pixels, and is fed values up to 1: set encoder.preprocess: { scale: 0..255 } in distill.yaml.',
  ]);
  expect(doubts(1 / 255)).toEqual([]);
  expect(doubts(1, false)).toEqual([]);
});
