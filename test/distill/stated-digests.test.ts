import { expect, test } from 'vitest';
import { requireDeliverables } from '../../src/distill/verify/deliverables.ts';
import { statedBy } from '../../src/distill/verify/stated-digests.ts';
import { verifyRun } from '../../src/distill/verify/verify-run.ts';
import { keys } from '../../src/run/keys.ts';
import { sealJson } from '../../src/store/seal.ts';
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

test('an encoder that was deleted is noticed, also without any of its files', async () => {
  const run = 'digits-0123456789ab';
  const folder = keys.student(run, 'lelp');
  const plan = {
    ...{ dataset: 'digits', config: {}, teacher: { digest: sha256('d') } },
    variants: [{ name: 'lelp', method: 'lelp' }],
    encoders: [{ digest: sha256('e'), files: encoder.digest }],
  };
  const student = {
    ...{ classes: ['a', 'b'], createdBy: 'test', files: {} },
    features: { kind: 'vector', length: 8 },
    examples: { kind: 'text', maxCharacters: 100 },
  };
  const store = new MemoryStore({
    [keys.plan(run)]: sealJson(plan, keys.plan(run)),
    [`${folder}student.json`]: sealJson(student),
  });
  const own = `${folder}encoder/encoder.json`;
  const shared = `${keys.encoder(encoder.digest)}encoder.json`;
  const missing = (await verifyRun(store, run)).damaged.map(({ key }) => key);
  expect(missing).toEqual(expect.arrayContaining([own, shared]));
  await expect(requireDeliverables({ results: store, run, plan })).rejects.toThrow(
    `${own} is missing`,
  );
});
