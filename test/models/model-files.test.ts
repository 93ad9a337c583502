import { expect, test } from 'vitest';
import { descriptionFile, exporters, layersModelExporter } from '../../src/models/exporters.ts';
import {
  isModelSaved,
  readExports,
  readModelFiles,
  writeModelFiles,
} from '../../src/models/model-files.ts';
import { MemoryStore } from '../support/memory-store.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const loaded = [...layersModelExporter.files, descriptionFile];
const all = [...Object.values(exporters).flatMap(({ files }) => files), descriptionFile];

test('a model is saved when its last file is written, which is student.json', async () => {
  const store = new MemoryStore();
  const written: string[] = [];
  const write = store.write.bind(store);
  store.write = async (key, body) => {
    expect(await isModelSaved(store, 'students/a/')).toBe(false);
    written.push(key);
    return write(key, body);
  };
  const files = new Map(all.map((name) => [name, bytes(name)]));
  await writeModelFiles(store, 'students/a/', files);
  expect(written).toEqual(all.map((name) => `students/a/${name}`));
  expect(written.at(-1)).toBe('students/a/student.json');
  expect(await isModelSaved(store, 'students/a/')).toBe(true);
  expect([...(await readModelFiles(store, 'students/a/')).keys()]).toEqual(loaded);
  expect(await readExports(store, 'students/a/')).toEqual(
    new Map(all.map((name) => [name, Buffer.from(name)])),
  );
});

test('files of an exporter that came later are left out, those to load from are required', async () => {
  const store = new MemoryStore({ 'students/a/student.json': '{}' });
  expect([...(await readExports(store, 'students/a/')).keys()]).toEqual(['student.json']);
  await expect(readModelFiles(store, 'students/a/')).rejects.toThrow('model.json');
});
