/** The contract of every row of the table of kinds of features. */
import { describe, expect, test } from 'vitest';
import { product } from '../../../src/arrays.ts';
import type { Content, Example } from '../../../src/data/example.ts';
import {
  createEncoder,
  decodedBytes,
  featureShape,
  featuresSchema,
  fitFeatures,
  type KindName,
  kindOf,
  kindOfTask,
  kinds,
  taskSchema,
} from '../../../src/data/features/index.ts';
import { isDecoded } from '../../../src/data/features/kind.ts';
import { formats } from '../../../src/data/formats/index.ts';
import { collect, fixture } from '../../support/examples.ts';

const contents: Record<KindName, Content> = {
  image: { kind: 'image', bytes: await fixture('pictures/rgb.png') },
  row: { kind: 'row', columns: { age: 41, city: 'Bern' } },
  vector: { kind: 'vector', values: Float32Array.of(1, 2.5, -3) },
  text: { kind: 'text', text: 'It arrived late.' },
};
const names = Object.keys(kinds) as KindName[];

/** The task that `init` would suggest for an example. */
async function surveyed(name: KindName) {
  const survey = kinds[name].surveyTask('label');
  await survey.add(contents[name]);
  return taskSchema.parse({ type: kinds[name].task, classes: ['0', '1'], ...survey.fields() });
}

async function* one(name: KindName): AsyncGenerator<Example> {
  yield { id: 'a', label: '0', content: contents[name] };
}

/** Types of the columns that are written. */
const columnTypes = {
  bytes: { kind: 'bytes' },
  floats: { kind: 'list', item: { kind: 'float' } },
} as const;

describe.each(names)('%s', (name) => {
  const kind = kinds[name];

  test('is found by its content and by its task', async () => {
    expect(kindOf(contents[name])).toBe(kind);
    expect(kindOfTask(await surveyed(name))).toBe(kind);
  });

  test('suggests a task that the schema takes, even without examples', () => {
    const fields = kind.surveyTask('label').fields();
    expect(taskSchema.parse({ type: kind.task, classes: ['0', '1'], ...fields })).toMatchObject({
      type: kind.task,
      ...fields,
    });
  });

  test('fits features of its own kind, and decodes an example to their shape', async () => {
    const features = await fitFeatures(await surveyed(name), { missing: [] }, one(name));
    expect(featuresSchema.parse(features)).toEqual(features);
    expect(kindOf(features)).toBe(kind);
    const [example] = await collect(one(name));
    const decoded = await createEncoder(features).decode(example!);
    if (!isDecoded(decoded)) throw new Error(decoded.reason);
    // Texts differ in length.
    if (name === 'text') return expect(decoded).toEqual(Buffer.from('It arrived late.'));
    expect(decoded.length).toBe(product(featureShape(features)));
    expect(decoded.byteLength).toBe(decodedBytes(features));
  });

  test('rejects content of every other kind', async () => {
    const features = await fitFeatures(await surveyed(name), { missing: [] }, one(name));
    const { decode } = createEncoder(features);
    for (const other of names.filter((each) => each !== name)) {
      const example = { id: 'b', label: '0', content: contents[other] };
      expect(await decode(example)).toMatchObject({
        id: 'b',
        reason: expect.stringContaining(`It is of the kind '${other}'`),
      });
    }
  });

  test('reads from a column what it writes into one, and recognizes it', () => {
    const { column } = kind;
    if (column === undefined) return expect(['row', 'text']).toContain(name);
    const written = column.write(contents[name]);
    const value = column.type === 'floats' ? Array.from(written) : written;
    expect(column.read(value)).toEqual(contents[name]);
    const type = columnTypes[column.type];
    expect(column.accepts(type)).toBe(true);
    expect(column.recognizes({ name: 'x', type, values: [value] })).toBe(true);
    expect(column.accepts({ kind: 'text' })).toBe(false);
    expect(column.read('a text')).toMatch(/^has no /);
  });

  test('is served by a format', () => {
    expect(Object.values(formats).some((format) => format.kinds.includes(name))).toBe(true);
  });
});
