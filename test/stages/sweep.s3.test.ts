import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { markQuietBatches } from '../../src/stages/sweep.ts';
import { FolderStore } from '../../src/store/folder.ts';
import { openStore } from '../../src/store/open.ts';
import { put } from '../support/put.ts';
import { useLocalS3 } from '../support/s3/local-s3.ts';

const { missing, makeBucket } = await useLocalS3();

const quietMinutes = 30;

/** Datasets in a folder; each key with how many minutes ago it was written. */
function folderOf(ages: Record<string, number>): string {
  const folder = mkdtempSync(join(tmpdir(), 'counterweight-sweep-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [key, minutes] of Object.entries(ages)) {
    const path = join(folder, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'x');
    const then = Date.now() / 1000 - minutes * 60;
    utimesSync(path, then, then);
  }
  return folder;
}

async function markersIn(location: string): Promise<string[]> {
  const markers: string[] = [];
  for await (const { key } of (await openStore(location)).list('')) {
    if (key.endsWith('_SUCCESS')) markers.push(key);
  }
  return markers;
}

describe('markQuietBatches', () => {
  test('marks the batches whose newest object is old enough, once', async () => {
    const folder = folderOf({
      'wine/labeled/a/old.csv': 300,
      'wine/unlabeled/loose.csv': 300,
      'wine/unlabeled/quiet/a.csv': 300,
      'wine/unlabeled/quiet/deep/b.csv': 31,
      'wine/unlabeled/growing/a.csv': 300,
      'wine/unlabeled/growing/b.csv': 29,
      'wine/unlabeled/growing/c.csv': 300,
      'sets/of/digits/unlabeled/1/a.tar': 31,
      'sets/of/digits/unlabeled/2/a.tar': 31,
      'unlabeled/no/dataset.tar': 300,
    });
    expect(await markQuietBatches(folder, quietMinutes)).toBe(3);
    const marked = [
      'sets/of/digits/unlabeled/1/_SUCCESS',
      'sets/of/digits/unlabeled/2/_SUCCESS',
      'wine/unlabeled/quiet/_SUCCESS',
    ];
    expect(await markersIn(folder)).toEqual(marked);
    expect(await markQuietBatches(folder, quietMinutes)).toBe(0);
    expect(await markersIn(folder)).toEqual(marked);
  });

  test('leaves a marker as it is, whatever came after it', async () => {
    const folder = folderOf({
      'wine/unlabeled/b/_SUCCESS': 200,
      'wine/unlabeled/b/later.csv': 100,
    });
    const store = await openStore(folder);
    const before = await store.head('wine/unlabeled/b/_SUCCESS');
    expect(await markQuietBatches(folder, quietMinutes)).toBe(0);
    expect(await store.head('wine/unlabeled/b/_SUCCESS')).toEqual(before);
  });

  test('separates datasets and batches as Start does', async () => {
    const folder = folderOf({
      'a/unlabeled/b/unlabeled/c/x.csv': 300,
      'unlabeled/unlabeled/b/x.csv': 300,
      'a/unlabeled-old/b/x.csv': 300,
    });
    await markQuietBatches(folder, quietMinutes);
    expect(await markersIn(folder)).toEqual([
      'a/unlabeled/b/_SUCCESS',
      'unlabeled/unlabeled/b/_SUCCESS',
    ]);
  });

  test('lists no objects but those of batches without a marker', async () => {
    const folder = folderOf({
      'wine/labeled/a/old.csv': 300,
      'wine/unlabeled/done/a.csv': 300,
      'wine/unlabeled/done/_SUCCESS': 200,
      'wine/unlabeled/new/a.csv': 1,
      'wine/white/unlabeled/old/a.csv': 300,
    });
    const listed = vi.spyOn(FolderStore.prototype, 'list');
    const searched = vi.spyOn(FolderStore.prototype, 'folders');
    expect(await markQuietBatches(folder, quietMinutes)).toBe(1);
    expect(listed.mock.calls.flat().sort()).toEqual(['unlabeled/new/', 'unlabeled/old/']);
    expect(searched.mock.calls.flat()).toContain('wine/');
    expect(searched.mock.calls.flat()).not.toContain('wine/labeled/');
  });

  test('of two sweeps at once, one marks a batch', async () => {
    const folder = folderOf({ 'wine/unlabeled/b/a.csv': 300 });
    const sweeps = Array.from({ length: 5 }, () => markQuietBatches(folder, quietMinutes));
    expect((await Promise.all(sweeps)).filter((marked) => marked > 0)).toEqual([1]);
  });

  describe.skipIf(missing)('in a bucket', () => {
    test('of keys with any characters, and of datasets with a leading /', async () => {
      const data = `s3://${await makeBucket()}`;
      await put(data, 'red wine+%2F/unlabeled/a b%20/日本.csv', 'x');
      await put(`${data}//wine`, 'unlabeled/b/a.csv', 'x');
      expect(await markQuietBatches(data, quietMinutes)).toBe(0);
      expect(await markQuietBatches(data, 0)).toBe(2);
      expect(await markersIn(data)).toEqual([
        '/wine/unlabeled/b/_SUCCESS',
        'red wine+%2F/unlabeled/a b%20/_SUCCESS',
      ]);
    });

    test('a batch that takes no marker does not delay others, and is reported in the end', async () => {
      // 1,024 bytes with "a" as its only object, and more with a marker.
      const data = `s3://${await makeBucket()}`;
      const batch = 'é'.repeat(504);
      await put(data, `a/unlabeled/${batch}/a`, 'x');
      await put(data, 'wine/unlabeled/b/a.csv', 'x');
      await expect(markQuietBatches(data, 0)).rejects.toMatchObject({
        name: 'UserError',
        message: expect.stringContaining(batch),
      });
      expect(await markersIn(data)).toEqual(['wine/unlabeled/b/_SUCCESS']);
    });
  });
});
