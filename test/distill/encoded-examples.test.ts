import { expect, test } from 'vitest';
import { createEmbeddingsWriter } from '../../src/data/tables/embeddings-file.ts';
import { createLabelsWriter } from '../../src/data/tables/labels-file.ts';
import { oneClass } from '../../src/debias/decisions.ts';
import { readUsableSummary } from '../../src/distill/encoded-examples.ts';
import type { Job } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { MemoryStore } from '../support/memory-store.ts';

test('every rejected example counts, also if an encoder rejects more and ids are shared', async () => {
  const labels = createLabelsWriter('labels.parquet', oneClass(2));
  labels.append({ ids: ['a', 'b'], probabilities: Float32Array.of(1, 0, 1, 0) });
  const shared = { id: 'a', reason: 'Another example has the id.' };
  const rest = { id: 'a', reason: 'The file is damaged.', lost: 300 };
  const key = keys.embeddings('digest', 'shard');
  const embeddings = createEmbeddingsWriter(key, 1, 16);
  embeddings.append(['b'], Float32Array.of(Number.NaN));
  const results = new MemoryStore({
    'labels.parquet': labels.finish([shared, shared, rest]),
    [key]: embeddings.finish([shared, shared, rest], 3),
  });
  const plan = { encoders: [{ digest: 'digest' }] } as unknown as Job['plan'];
  const summary = await readUsableSummary({ plan, results }, 'shard', 'labels.parquet');
  expect(summary).toEqual({
    labeled: 1,
    quarantined: [shared, shared, rest, { id: 'b', reason: expect.stringContaining('NaN') }],
    withoutEmbedding: new Set(['b']),
    embeddings: new Map([['digest', expect.objectContaining({ embedded: 0, truncated: 3 })]]),
  });
});
