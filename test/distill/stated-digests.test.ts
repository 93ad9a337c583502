import { expect, test } from 'vitest';
import { statedBy } from '../../src/distill/verify/stated-digests.ts';
import { sealJson } from '../../src/store/once.ts';
import { MemoryStore } from '../support/memory-store.ts';

const sha256 = (digit: string) => digit.repeat(64);
const encoder = {
  ...{ digest: sha256('a'), source: 'e', reads: 'text', format: 'onnx', model: 'model.onnx' },
  files: [
    { path: 'model.onnx', bytes: 1, sha256: sha256('b') },
    { path: 'tokenizer.json', bytes: 2, sha256: sha256('c') },
  ],
  ...{ normalize: true, batchSize: 8, maxLength: 128 },
};

test('the description of an encoder states the digests of its files', async () => {
  const store = new MemoryStore({
    'students/a/encoder/encoder.json': sealJson(encoder),
    'students/b/encoder/encoder.json': sealJson({ ...encoder, model: 'other.onnx' }),
  });
  expect(await statedBy(store, 'students/a/encoder/encoder.json')).toEqual(
    new Map([
      ['students/a/encoder/model.onnx', sha256('b')],
      ['students/a/encoder/tokenizer.json', sha256('c')],
    ]),
  );
  expect(await statedBy(store, 'students/b/encoder/encoder.json')).toEqual(new Map());
});
