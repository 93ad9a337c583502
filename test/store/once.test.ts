import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseWith, readJson, writeJsonOnce } from '../../src/store/once.ts';
import { sealJson, toJson } from '../../src/store/seal.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { refusalOf } from '../support/refusal.ts';

test('of many problems, ten are shown, with an unknown field first', () => {
  const letters = Object.fromEntries([...'abcdefghijkl'].map((letter) => [letter, z.string()]));
  const parse = () => parseWith(z.strictObject(letters), { plam: 1 }, 'plan.json');
  expect(parse).toThrow(/form:\n✖ Unrecognized key: "plam"\n(.|\n)*→ at i\n… and 3 more$/);
});

test.each([
  ['an object', { accuracy: 1 }],
  ['a list', [1]],
  ['a sealed list', { list: [1] }],
  ['a number', 1],
  ['null', null],
])('%s without a checksum is refused, with the command that removes it', async (_, value) => {
  const store = new MemoryStore({ 'a.json': toJson(value) });
  const error = await readJson(store, 'a.json', z.unknown()).catch((error: unknown) => error);
  expect(error).toMatchObject({
    message: expect.stringContaining('memory/a.json has no checksum'),
    hint: expect.stringContaining("rm -f 'memory/a.json'"),
  });
});

test('the command that removes an object is right for any name', async () => {
  const store = new MemoryStore({ "it's/a.json": '{}' });
  const error = await readJson(store, "it's/a.json", z.unknown()).catch((error: unknown) => error);
  expect(error).toMatchObject({
    hint: expect.stringMatching(/rm -f 'memory\/it'\\''s\/a\.json'$/),
  });
});

test('an object that was changed or cut short is refused, with the command that removes it', async () => {
  const schema = z.strictObject({ accuracy: z.number() });
  const store = new MemoryStore();
  await writeJsonOnce(store, 'metrics.json', { accuracy: 0.925 });
  expect(await readJson(store, 'metrics.json', schema)).toEqual({ accuracy: 0.925 });
  const text = Buffer.from(sealJson({ accuracy: 0.925 }, 'metrics.json')).toString();
  for (const other of [text.replace('0.925', '0.125'), text.slice(0, 40), '']) {
    await store.write('metrics.json', Buffer.from(other));
    const error = await refusalOf(readJson(store, 'metrics.json', schema));
    expect(error.hint).toContain("rm -f 'memory/metrics.json'");
  }
});
