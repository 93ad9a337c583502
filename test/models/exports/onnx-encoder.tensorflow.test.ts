/** ONNX files of an encoder with a head give the probabilities of both, from the same inputs. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Example } from '../../../src/data/example.ts';
import type { EncoderReads } from '../../../src/models/encoders/encoder.ts';
import { openDescribed } from '../../../src/models/encoders/open-encoder.ts';
import { encoderWithHead } from '../../../src/models/exports/onnx-encoder.ts';
import { predictorOf } from '../../../src/models/student.ts';
import { buildNetwork, smallMlp } from '../../support/networks.ts';
import { describeFixture, fixtures, textExamples } from '../encoders/fixtures.ts';
import { runOnnx } from './run-onnx.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'encoder-test-'));
});
afterAll(() => rm(scratch, { recursive: true }));

async function imageExamples(): Promise<Example[]> {
  const images = [10, 200].map(async (blue) => {
    const background = { r: 90, g: 20, b: blue };
    const create = { width: 9, height: 8, channels: 3 as const, background };
    const bytes = await sharp({ create }).png().toBuffer();
    return { id: `${blue}`, label: undefined, content: { kind: 'image' as const, bytes } };
  });
  return Promise.all(images);
}

async function withHead(reads: EncoderReads, config: Parameters<typeof describeFixture>[1]) {
  const described = await describeFixture(reads, config);
  const encoder = await openDescribed(described, scratch);
  const { dimension, output } = encoder;
  const model = await buildNetwork(smallMlp, [dimension], 3, 1);
  const features = { kind: 'vector' as const, length: dimension, encoder: encoder.digest };
  const description = { classes: ['a', 'b', 'c'], features, createdBy: 'a test' };
  const parts = {
    ...{ description: described.description, output },
    readModel: () => readFile(join(fixtures, described.folder, described.description.model)),
  };
  return { encoder, model, file: await encoderWithHead({ model, description }, parts) };
}

test.each<[EncoderReads, Parameters<typeof describeFixture>[1]]>([
  ['text', { path: 'text', pooling: 'mean' }],
  ['text', { path: 'text', pooling: 'mean', normalize: true }],
  ['text', { path: 'text', pooling: 'cls' }],
  ['image', { path: 'image' }],
  ['image', { path: 'image', pooling: 'max' }],
  ['image', { path: 'image/embedding.onnx' }],
])('%s, %j', async (reads, config) => {
  const { encoder, model, file } = await withHead(reads, config);
  const examples =
    reads === 'text'
      ? textExamples(['good film', 'film', 'good film was bad'])
      : await imageExamples();
  const predict = await predictorOf(model);
  const notes = { rejected: new Map(), truncated: 0 };
  for await (const { feeds, pooled } of encoder.batches(examples, notes)) {
    const expected = predict({ n: feeds[0]!.shape[0]!, values: pooled });
    const found = await runOnnx(file, feeds);
    expect(found.length).toBe(expected.length);
    found.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index]!, 5);
    });
  }
  encoder.dispose();
  model.dispose();
});

test('a pooling that is not supported is named', async () => {
  await expect(withHead('text', { path: 'text', pooling: 'max' })).rejects.toThrow(
    "the pooling 'max' of its encoder is not supported",
  );
});
