import { expect, test } from 'vitest';
import { cutShards } from '../../src/data/cut.ts';
import { formats } from '../../src/data/formats/index.ts';
import { emptiedWarnings, LeftOutFiles, leftOutWarnings } from '../../src/data/left-out.ts';
import { leftOutText } from '../../src/data/left-out-text.ts';
import { collect } from '../support/examples.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { readerConfig } from '../support/reader-config.ts';

async function leftOutOf(...keys: string[]) {
  const store = new MemoryStore(Object.fromEntries(keys.map((key) => [key, 'x'])));
  const files = new LeftOutFiles('labeled');
  const config = readerConfig('image', { format: 'images' });
  await collect(cutShards(store, 'labeled', 'labeled/', config, files));
  return { leftOut: files.finish(), emptied: files.emptied };
}

test('files that are not data are counted by their extension, and system files together', async () => {
  const { leftOut } = await leftOutOf(
    ...['labeled/cat/0.png', 'labeled/cat/1.JPG', 'labeled/cat/2.jfif', 'labeled/_SUCCESS'],
    ...['labeled/cat/a.bmp', 'labeled/cat/b.BMP', 'labeled/cat/c.gif', 'labeled/cat/photo'],
    ...['labeled/cat/Thumbs.db', 'labeled/cat/.hidden.png', 'labeled/__MACOSX/cat/0.txt'],
  );
  expect(leftOut).toEqual([
    {
      set: 'labeled',
      reason: 'hidden or system file',
      files: 3,
      example: 'labeled/__MACOSX/cat/0.txt',
    },
    { set: 'labeled', reason: '.bmp', files: 2, example: 'labeled/cat/a.bmp' },
    { set: 'labeled', reason: '.gif', files: 1, example: 'labeled/cat/c.gif' },
    { set: 'labeled', reason: 'no extension', files: 1, example: 'labeled/cat/photo' },
  ]);
  expect(leftOutText(leftOut)).toContain('2 .bmp in labeled/, 1 .gif in labeled/');
  expect(leftOutWarnings(leftOut, formats.images)).toEqual([
    'labeled/: 4 files were left out (2 .bmp, 1 .gif, 1 no extension), such as labeled/cat/a.bmp. data.format images reads jpg, jpeg, jfif, jpe, png, webp.',
  ]);
});

test('images of cameras are not system files, and unfinished output of Spark is', async () => {
  const { leftOut, emptied } = await leftOutOf(
    ...['labeled/cat/0.png', 'labeled/owl/_DSC0001.tif', 'labeled/cat/_metadata'],
    ...['labeled/_temporary/0/a.txt'],
  );
  expect(leftOut.map(({ reason, files }) => [reason, files])).toEqual([
    ['hidden or system file', 2],
    ['.tif', 1],
  ]);
  expect(emptied).toEqual([{ folder: 'owl', hasImages: true }]);
});

test('no file is left uncounted, however many extensions there are', async () => {
  const names = Array.from({ length: 60 }, (_, index) => `labeled/cat/image.${index + 100}`);
  const { leftOut } = await leftOutOf('labeled/cat/0.png', ...names);
  expect(leftOut[0]).toEqual({
    ...{ set: 'labeled', reason: 'others', files: 10, example: 'labeled/cat/image.150' },
  });
});

test('a class whose files are all left out is named', async () => {
  const { emptied } = await leftOutOf(
    ...['labeled/cat/0.png', 'labeled/cat/1.bmp', 'labeled/notes/a.md', 'labeled/owl/0.bmp'],
    ...['labeled/owl/1.tif', 'labeled/zebra/0.png', '.DS_Store', 'labeled/x/.DS_Store'],
  );
  expect(emptied).toEqual([
    { folder: 'notes', hasImages: false },
    { folder: 'owl', hasImages: true },
  ]);
  expect(emptiedWarnings('labeled', emptied, formats.images)[1]).toMatch(
    /^all files of labeled\/owl\/ are left out.*no example of the class owl/,
  );
  expect(emptiedWarnings('labeled', emptied, formats.webdataset)).toEqual([]);
});
