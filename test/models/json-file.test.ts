import { describe, expect, test } from 'vitest';
import { readJsonText } from '../../src/models/json-file.ts';
import { formatOfModelJson } from '../../src/models/model-json.ts';
import { parseJson } from '../../src/models/networks/own-topology.ts';
import { recognizeModelJson } from '../../src/models/teachers/find-files.ts';
import { MemoryStore } from '../support/memory-store.ts';

describe('a JSON file of a model', () => {
  /** States another size than it has, and is never read. */
  class LargeStore extends MemoryStore {
    override async head(key: string) {
      const object = await super.head(key);
      return object && { ...object, bytes: 500 * 2 ** 20 };
    }
    override async read(): Promise<never> {
      throw new Error('read');
    }
  }

  test('that is too large is refused before it is read', async () => {
    const store = new LargeStore({ 'teacher/model.json': '{}' });
    const message = "'teacher/model.json' has 500 MiB, and a JSON file of a model may have 64.";
    await expect(readJsonText(store, 'teacher/model.json')).rejects.toThrow(message);
    await expect(recognizeModelJson(store, 'teacher/model.json', 'graph-model')).rejects.toThrow(
      message,
    );
  });

  test('is read as text', async () => {
    const store = new MemoryStore({ 'model.json': '{"a": 1}' });
    expect(await readJsonText(store, 'model.json')).toBe('{"a": 1}');
  });
});

test.each(['[', '{"layers":'])('a model.json with %s inside each other is refused', (open) => {
  const nested = `${open.repeat(100_000)}1${(open === '[' ? ']' : '}').repeat(100_000)}`;
  const message = 'it has more than 500 levels of lists and objects';
  expect(() => formatOfModelJson(nested, 'model.json')).toThrow(message);
  expect(() => parseJson(nested, 'own/model.json')).toThrow(
    "'own/model.json' has more than 500 levels of lists and objects.",
  );
});

test('the format of a model.json is the named one, or that of layers', () => {
  expect(formatOfModelJson('{"format": "graph-model"}', 'a')).toBe('graph-model');
  expect(formatOfModelJson('{}', 'a')).toBe('layers-model');
  expect(formatOfModelJson('[1]', 'a')).toBe('layers-model');
  expect(() => formatOfModelJson('{', "'a/model.json'")).toThrow(
    /^'a\/model.json' is not the model/,
  );
});
