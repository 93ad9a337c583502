/** The contract of every row of the table of formats. */
import { describe, expect, test } from 'vitest';
import { decisionLookup } from '../../../src/data/classes.ts';
import type { ReadConfig } from '../../../src/data/config.ts';
import type { Example } from '../../../src/data/example.ts';
import type { KindName } from '../../../src/data/features/index.ts';
import { formats, isDataFile } from '../../../src/data/formats/index.ts';
import { readLabelsOnly } from '../../../src/data/read.ts';
import { manyLabels } from '../../../src/debias/decisions.ts';
import type { ObjectStore } from '../../../src/store/store.ts';
import { collect, fixture, readSet, shardsOf } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { readerConfig } from '../../support/reader-config.ts';

const contents: Record<KindName, readonly Example['content'][]> = {
  image: [
    { kind: 'image', bytes: new Uint8Array(await fixture('pictures/ramp.jpg')) },
    { kind: 'image', bytes: new Uint8Array(await fixture('pictures/rgb.png')) },
  ],
  row: [
    { kind: 'row', columns: { id: '7', city: 'Bern, "BE"\nCH', age: 41 } },
    { kind: 'row', columns: { id: '8', city: null, age: -2.5 } },
  ],
  vector: [
    { kind: 'vector', values: Float32Array.of(1, -2.5, 0) },
    { kind: 'vector', values: Float32Array.of(0.25, 3, 4) },
  ],
  text: [
    { kind: 'text', text: 'It said: "late", and\r\nlate it was 👩‍🚀' },
    { kind: 'text', text: 'Schön; עברית, 中文' },
  ],
};

const cases = Object.values(formats).flatMap((format) =>
  format.kinds.map((kind) => ({ format, kind, name: format.name })),
);

/**
 * Content that may be compared: rows without id and label, and with their numbers as texts, because
 * a format may keep only texts.
 */
function comparable({ content }: Example): unknown {
  if (content.kind === 'image') return Buffer.from(content.bytes);
  if (content.kind !== 'row') return content;
  const { id: _, label: __, ...columns } = content.columns;
  return Object.entries(columns).map(([name, value]) => [name, value === null ? null : `${value}`]);
}

/** Ids and labels of a labeled set, read without the rest if the format can. */
async function collectLabels(store: ObjectStore, config: ReadConfig) {
  const shards = await shardsOf(store, config);
  return (
    await Promise.all(shards.map((each) => collect(readLabelsOnly(store, each, config))))
  ).flat();
}

describe.each(cases)('$name with content of the kind $kind', ({ format, kind }) => {
  const config = readerConfig(kind, { format: format.name });
  const labels = ['1', '0'];
  const examples = contents[kind].map(
    (content, index): Example => ({ id: `${index + 7}.jpg`, label: labels[index], content }),
  );

  test('reads the examples that it writes, and the same examples give the same bytes', async () => {
    const { write } = await format.load();
    const files = await write(examples, 'written', config);
    expect(await write(examples, 'written', config)).toEqual(files);
    const store = new MemoryStore(
      Object.fromEntries(files.map(({ name, bytes }) => [`labeled/${name}`, Buffer.from(bytes)])),
    );
    for (const { name } of files) expect(isDataFile(name, format)).toBe(true);
    const read = await readSet(store, config);
    const labelsOnly = await collectLabels(store, config);
    expect(labelsOnly).toMatchObject((read as Example[]).map(({ id, label }) => ({ id, label })));
    const byLabel = (items: readonly unknown[]) =>
      (items as Example[])
        .map((item) => ({ label: item.label, content: comparable(item) }))
        .sort((first, second) => Number(first.label) - Number(second.label));
    expect(byLabel(read)).toEqual(byLabel(examples));
  });

  test.each([
    [
      ['["1","x y"]', '[]'],
      ['000', '011'],
    ],
    [
      ['x y; 0', '["0"]'],
      ['100', '101'],
    ],
  ])('reads the lists of classes %j that it writes', async (lists, expected) => {
    const classes = ['0', '1', 'x y'];
    const task = readerConfig(kind, { format: format.name }, { classes, multiLabel: true });
    const { write } = await format.load();
    const lookup = decisionLookup(classes, manyLabels(classes.length));
    const labeled = examples.map((example, index) => ({ ...example, label: lists[index] }));
    const files = await write(labeled, 'written', task);
    const store = new MemoryStore(
      Object.fromEntries(files.map(({ name, bytes }) => [`labeled/${name}`, Buffer.from(bytes)])),
    );
    // A rejected item has neither.
    const read = (await readSet(store, task)) as Example[];
    expect(read.map(({ label }) => lookup(label)?.join('')).sort()).toEqual(expected);
    expect(read.map(comparable)).toEqual(expect.arrayContaining(labeled.map(comparable)));
  });
});

const divisible = Object.values(formats).filter(({ isDivisible }) => isDivisible);

test.each(divisible)('$name has the code to divide objects', async (format) => {
  const { cut } = await format.load();
  expect(cut).toBeDefined();
});

describe.each(Object.values(formats))('$name', (format) => {
  test('has one piece per object of up to the size of a shard', async () => {
    const { write } = await format.load();
    const kind = format.kinds[0]!;
    const config = readerConfig(kind, { format: format.name });
    const example: Example = { id: '7.jpg', label: '1', content: contents[kind][0]! };
    const [file] = await write([example], 'one', config);
    const store = new MemoryStore({ [`labeled/${file!.name}`]: Buffer.from(file!.bytes) });
    const shards = await shardsOf(store, config);
    expect(shards.map(({ pieces }) => pieces.length)).toEqual([1]);
  });
});

test('no two formats share an extension', () => {
  const extensions = Object.values(formats).flatMap((format) => format.extensions);
  expect(new Set(extensions).size).toBe(extensions.length);
});
