import { expect, test } from 'vitest';
import { datasetOf, readSet, shardsOf, sorted } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { readerConfig } from '../../support/reader-config.ts';

const config = readerConfig('image', { format: 'images' });

test('the class is the folder below labeled/, the id the path below it', async () => {
  const store = await datasetOf({
    'labeled/cat/rgb.png': 'pictures/rgb.png',
    'labeled/dog/old/turned.JPG': 'pictures/turned.jpg',
    'labeled/loose.webp': 'pictures/rgb.webp',
    'labeled/notes.txt': 'csv/good.csv',
  });
  const { examples, reasons } = sorted(await readSet(store, config));
  expect([...reasons]).toEqual([['loose.webp', 'It has no label.']]);
  expect(examples.map(({ id, label }) => [id, label])).toEqual([
    ['cat/rgb.png', 'cat'],
    ['dog/old/turned.JPG', 'dog'],
  ]);
});

test('a shard has at most 2,000 files', async () => {
  const files = Array.from({ length: 4_500 }, (_, index) => [`unlabeled/${index}.png`, 'x']);
  const shards = await shardsOf(new MemoryStore(Object.fromEntries(files)), config, 'unlabeled');
  expect(shards.map(({ pieces }) => pieces.length)).toEqual([2000, 2000, 500]);
  expect(new Set(shards.map(({ id }) => id)).size).toBe(3);
});
