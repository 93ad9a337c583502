import { expect, test } from 'vitest';
import type { Example } from '../../../src/data/example.ts';
import { embedChunks } from '../../../src/models/encoders/embed-chunks.ts';
import type { Embedded } from '../../../src/models/encoders/encoder.ts';

const chunks = ['a', 'b', 'c', 'd'].map((text): Example[] => [
  { id: text, label: undefined, content: { kind: 'text', text } },
]);

test('the next chunk is begun while one is embedded, and the order is kept', async () => {
  const begun: { id: string; end: (embedded: Embedded) => void }[] = [];
  const embed = (examples: readonly Example[]) =>
    new Promise<Embedded>((end) => begun.push({ id: examples[0]!.id, end }));
  const embedded = embedChunks({ embed }, chunks);
  const first = embedded.next();
  await expect.poll(() => begun.length).toBe(2);
  // The second ends first, and waits for its turn.
  for (const { id, end } of begun.toReversed()) end(resultOf(id));
  expect((await first).value).toMatchObject({ examples: chunks[0], ...resultOf('a') });
  const second = await embedded.next();
  expect(second.value).toMatchObject({ examples: chunks[1], ...resultOf('b') });
  await expect.poll(() => begun.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  for (const { id, end } of begun.slice(2)) end(resultOf(id));
  expect((await embedded.next()).value).toMatchObject(resultOf('c'));
  expect((await embedded.next()).value).toMatchObject(resultOf('d'));
  expect(await embedded.next()).toEqual({ done: true, value: undefined });
});

test('a failing chunk ends the work when no chunk runs any more', async () => {
  let ended = 0;
  const embed = async ([example]: readonly Example[]) => {
    await new Promise(setImmediate);
    if (example!.id === 'a') throw new Error('the model fails');
    // The chunk after it takes longer.
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    ended++;
    return resultOf(example!.id);
  };
  await expect(embedChunks({ embed }, chunks).next()).rejects.toThrow('the model fails');
  expect(ended).toBe(1);
});

function resultOf(id: string): Embedded {
  return { embeddings: Float32Array.of(id.charCodeAt(0)), rejected: new Map(), truncated: 0 };
}
