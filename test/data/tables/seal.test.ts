import { describe, expect, test } from 'vitest';
import { randomFor } from '../../../src/data/random.ts';
import {
  createEmbeddingsWriter,
  openEmbeddings,
} from '../../../src/data/tables/embeddings-file.ts';
import { openParquet } from '../../../src/data/tables/parquet-file.ts';
import { createTableWriter } from '../../../src/data/tables/parquet-table.ts';
import { openResult } from '../../../src/data/tables/result-file.ts';
import { sealingProgram, sealKey, startMark } from '../../../src/data/tables/seal.ts';
import { createWeightsWriter, openWeights } from '../../../src/data/tables/weights-file.ts';
import { collect } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { refusalOf } from '../../support/refusal.ts';

const ids = ['a', 'b', 'c'];

/** A file of embeddings, whose lists are read by themselves. */
const embeddings = {
  bytes(key = 'file') {
    const writer = createEmbeddingsWriter(key, 2, 16);
    writer.append(ids, Float32Array.of(1, 2, 3, 4, 5, 6));
    return writer.finish([{ id: 'd', reason: 'Damaged.' }], 0);
  },
  async read(store: MemoryStore) {
    const { summary, rows } = await openEmbeddings(store, 'file');
    return [summary, await collect(rows())];
  },
};

/** A file of weights, whose columns the library reads. */
const weights = {
  bytes(key = 'file') {
    const writer = createWeightsWriter(key, 1);
    const values = Float32Array.of(0.25, 0.5, 7);
    writer.append({
      ...{ ids, teacherMargins: values, studentMargins: values, errorProbabilities: values },
      ...{ distortions: values, weights: values },
    });
    return writer.finish(['ab12']);
  },
  async read(store: MemoryStore) {
    const { testCopies, rows } = await openWeights(store, 'file');
    return [testCopies, await collect(rows())];
  },
};

async function checkAll(store: MemoryStore): Promise<void> {
  await (await openParquet(store, (await store.head('file'))!)).checkBytes();
}

describe.each([
  ['embeddings', embeddings],
  ['weights', weights],
])('a file of %s', (_, { bytes, read }) => {
  test('is refused after a change of any bit', async () => {
    const original = bytes();
    // Every third bit: three bytes cover all bits of a byte.
    for (let bit = 0; bit < 8 * original.length; bit += 3) {
      const changed = Uint8Array.from(original);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const store = new MemoryStore({ file: changed });
      // No reader uses the mark at the start.
      const reading = bit < 8 * startMark.end ? checkAll(store) : read(store);
      await expect(reading, `bit ${bit}`).rejects.toThrow();
    }
    await checkAll(new MemoryStore({ file: original }));
  });

  test('is refused with a text for the user if its numbers are changed', async () => {
    const original = bytes();
    const random = randomFor(1);
    for (let trial = 0; trial < 200; trial++) {
      const changed = Uint8Array.from(original);
      // The columns come first.
      changed[4 + Math.floor(random() * 60)]! ^= 1 + Math.floor(random() * 255);
      const error = await refusalOf(read(new MemoryStore({ file: changed })));
      expect(error.hint).toContain("rm -f 'memory/file'");
    }
  });
});

test.each([
  ['embeddings', embeddings],
  ['weights', weights],
])('%s are read only by their own key', async (_, { bytes, read }) => {
  const store = new MemoryStore({ file: bytes('runs/other/a.parquet') });
  await expect(read(store)).rejects.toMatchObject({
    message: 'memory/file is damaged: it is a copy of "runs/other/a.parquet"',
    hint: expect.stringContaining("rm -f 'memory/file'"),
  });
});

test('a table without a key, such as an export, is not a result', async () => {
  const table = createTableWriter({ id: 'text' });
  const store = new MemoryStore({ file: table.finish({ key: 'file' }) });
  await expect(openResult(store, 'file')).rejects.toThrow(
    'memory/file is damaged: it does not state its key',
  );
});

test('a file in parts has the same seal as a whole one', () => {
  const columns = { id: 'text', value: 'float', list: { floats: 2 } } as const;
  const batch = {
    id: ids,
    value: Float32Array.of(1, 2, 3),
    list: Float32Array.of(1, 2, 3, 4, 5, 6),
  };
  const [whole, parts] = [createTableWriter(columns), createTableWriter(columns)];
  const taken: Uint8Array[] = [];
  for (let index = 0; index < 5000; index++) {
    whole.append(3, batch);
    parts.append(3, batch);
    if (index % 999 === 0) taken.push(parts.take());
  }
  expect(Buffer.concat([...taken, parts.finish()])).toEqual(Buffer.from(whole.finish()));
});

test('a file of another program is refused, also with the seal of what it was made from', async () => {
  const sealed = Buffer.from(weights.bytes()).toString('latin1');
  const store = (text: string) => new MemoryStore({ file: Buffer.from(text, 'latin1') });
  const unsealed = sealed.replace(sealKey, sealKey.replace('seal', 'sea!'));
  await expect(weights.read(store(unsealed))).rejects.toThrow(/its seal is missing/);
  for (const text of [unsealed, sealed.replace(/"footer":"\w/, '"footer":"x')]) {
    const foreign = text.replace(sealingProgram, sealingProgram.toUpperCase());
    await expect(weights.read(store(foreign))).rejects.toThrow('it has no seal: another program');
  }
});
