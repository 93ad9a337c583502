import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import type { Rejected } from '../../../src/data/example.ts';
import { createEncoder } from '../../../src/data/features/index.ts';
import { readExamples } from '../../../src/data/read.ts';
import { datasetOf, fixture, readSet, shardsOf, sorted } from '../../support/examples.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { readerConfig } from '../../support/reader-config.ts';

const config = readerConfig('image', { format: 'webdataset' });
const pixels = createEncoder({
  kind: 'image',
  height: 4,
  width: 4,
  channels: 3,
  mean: [0, 0, 0],
  std: [1, 1, 1],
});

/** Returns the memory in use after a garbage collection, which would otherwise happen at random. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  collect(); // Buffers that the first one has found are given back at the next.
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('WebDataset archives', () => {
  test.each(['good.tar', 'gnu.tar'])('%s has the images that Pillow reads', async (name) => {
    const { tar } = JSON.parse(String(await fixture('expected.json'))) as { tar: string[] };
    const store = await datasetOf({ 'labeled/a.tar': `webdataset/${name}` });

    const { examples, reasons } = sorted(await readSet(store, config));

    expect(reasons.size).toBe(0);
    expect(examples.map(({ id, label }) => [id, label])).toEqual([
      ['a.tar/000000', '0'],
      ['a.tar/000001', '1'],
      ['a.tar/000002', '2'],
      ['a.tar/000003', '0'],
    ]);
    const decoded = await Promise.all(examples.map((example) => pixels.decode(example)));
    expect(decoded.map((image) => Buffer.from(image as Uint8Array).toString('hex'))).toEqual(
      tar.slice(0, 4),
    );
  });

  test('an odd member of an archive affects only its example', async () => {
    const store = await datasetOf({ 'labeled/odd.tar': 'webdataset/odd.tar' });

    const { examples, reasons } = sorted(await readSet(store, config));

    expect(examples.map(({ id, label }) => [id, label])).toEqual([
      ['odd.tar/train/0', 'cat'],
      [`odd.tar/train/${'long-'.repeat(40)}6`, 'cat'],
    ]);
    expect(Object.fromEntries(reasons)).toEqual({
      'odd.tar/train/1': expect.stringContaining('no image'),
      'odd.tar/train/2': expect.stringContaining('more than one image'),
      'odd.tar/train/3': expect.stringContaining("'train/3.png' is a symlink"),
      'odd.tar/../4': expect.stringContaining('leads out of the archive'),
      'odd.tar//tmp/5': expect.stringContaining('leads out of the archive'),
      'odd.tar/train/0': expect.stringContaining('0.cls is not side by side with 0.png'),
    });
  });

  test('a truncated archive yields its complete examples, then the reason', async () => {
    const store = await datasetOf({
      'labeled/cut.tar': 'webdataset/cut.tar',
      'labeled/x.tar': 'webdataset/good.tar',
    });

    const { examples, reasons } = sorted(await readSet(store, config));

    expect(examples.map(({ id }) => id)).toEqual([
      ...['cut.tar/000000', 'cut.tar/000001'],
      ...['x.tar/000000', 'x.tar/000001', 'x.tar/000002', 'x.tar/000003'],
    ]);
    expect(Object.fromEntries(reasons)).toEqual({
      'cut.tar': expect.stringMatching(/^The archive ends in the middle of '000002\.png'/),
    });
  });

  test('an archive cut anywhere yields the examples before the cut', async () => {
    const good = await fixture('webdataset/good.tar');
    const whole = (await readSet(new MemoryStore({ 'labeled/a.tar': good }), config)).map(
      ({ id }) => id,
    );
    for (let bytes = 100; bytes < good.length; bytes += 333) {
      const store = new MemoryStore({ 'labeled/a.tar': good.subarray(0, bytes) });
      const { examples } = sorted(await readSet(store, config));
      expect(examples.map(({ id }) => id)).toEqual(whole.slice(0, examples.length));
      // There is no example with its image but without its label.
      expect(examples.every(({ label }) => label !== undefined)).toBe(true);
      // Two members of two blocks each make an example.
      expect(examples.length).toBeGreaterThanOrEqual(Math.min(4, Math.floor(bytes / 2048)));
    }
  });

  test.each([
    ['not-a.tar', /cannot be read/],
    ['no-images.tar', /no images/],
  ])('%s is rejected as a whole', async (name, reason) => {
    const store = await datasetOf({ 'labeled/a.tar': `webdataset/${name}` });
    expect(await readSet(store, config)).toEqual([
      { id: 'a.tar', reason: expect.stringMatching(reason) },
    ]);
  });

  test('labels of unlabeled data are ignored', async () => {
    const store = await datasetOf({ 'unlabeled/monday/a.tar': 'webdataset/good.tar' });
    const { examples } = sorted(await readSet(store, config, 'unlabeled'));
    expect(examples.map(({ id, label }) => [id, label])[3]).toEqual([
      'monday/a.tar/000003',
      undefined,
    ]);
  });

  test('40 MB stream through with constant memory', async () => {
    const member = bigMember(1_000_000);
    class Endless extends MemoryStore {
      override async read(): Promise<Readable> {
        return Readable.from(
          (async function* () {
            for (let index = 0; index < 40; index++) yield* member(index);
          })(),
          { objectMode: false },
        );
      }
    }
    const store = new Endless({ 'unlabeled/a.tar': 'x' });
    const [shard] = await shardsOf(store, config, 'unlabeled');
    const before = bytesInUse();
    let most = 0;
    let examples = 0;
    for await (const item of readExamples(store, shard!, config)) {
      if ('content' in item) examples++;
      if (examples % 10 === 0) most = Math.max(most, bytesInUse() - before);
    }
    expect(examples).toBe(40);
    expect(most / 2 ** 20).toBeLessThan(15);
  });
});

/** An archive of members with these names; labels hold "cat". */
async function archiveOf(...names: string[]): Promise<Buffer> {
  const archive = pack();
  const image = await fixture('pictures/rgb.png');
  for (const name of names) archive.entry({ name }, /png$/i.test(name) ? image : 'cat');
  archive.finalize();
  return buffer(archive);
}

describe('members that make no example', () => {
  async function read(set: 'labeled' | 'unlabeled', ...names: string[]) {
    const store = new MemoryStore({ [`${set}/a.tar`]: await archiveOf(...names) });
    const { examples, reasons } = sorted(await readSet(store, config, set));
    return { ids: examples.map(({ id }) => id), reasons: Object.fromEntries(reasons) };
  }

  test('images and labels apart: each example is rejected once, with the way to sort', async () => {
    const { ids, reasons } = await read('labeled', '0.png', '1.png', '0.cls', '1.cls', '2.cls');
    expect(ids).toEqual([]);
    expect(reasons).toEqual({
      'a.tar/0': expect.stringMatching(/0\.cls is not side by side with 0\.png.*--sort=name/),
      'a.tar/1': expect.stringContaining('1.cls is not side by side with 1.png'),
      'a.tar/2': expect.stringContaining('side by side with 2.cls'),
    });
  });

  test('images and labels apart in unlabeled data, where labels do not matter', async () => {
    const { ids, reasons } = await read('unlabeled', '0.png', '1.png', '0.cls', '1.cls');
    expect(ids).toEqual(['a.tar/0', 'a.tar/1']);
    expect(reasons).toEqual({});
  });

  test('labels in .txt', async () => {
    const { reasons } = await read('labeled', '0.png', '0.txt', '1.json', '1.png', '1.cls');
    expect(reasons).toEqual({
      'a.tar/0': 'It has no label: 0.txt is beside 0.png, but labels are read from 0.cls.',
    });
  });

  test('names with a dot before the extension, in any set', async () => {
    const names = ['x.input.png', 'x.output.cls', 'y.png', 'y.cls', 'y.mask.png'];
    const { ids, reasons } = await read('labeled', ...names);
    expect(ids).toEqual(['a.tar/y']);
    expect(reasons).toEqual({
      'a.tar/x.input': expect.stringMatching(/found input\.png, output\.cls; expected x\.png/),
    });
    const unlabeled = await read('unlabeled', 'img_1.5.png', 'img_1.7.png', 'img_2.png');
    expect(unlabeled.ids).toEqual(['a.tar/img_2']);
    expect(Object.keys(unlabeled.reasons)).toEqual(['a.tar/img_1.5', 'a.tar/img_1.7']);
  });

  test('a second example in the name of the first: it is rejected, and no other member', async () => {
    const names = ['v1.png', 'v1.cls', 'v1.a.png', 'v1.a.cls', 'v1.mask.png', 'v1.left.cls'];
    for (const set of ['labeled', 'unlabeled'] as const) {
      const { ids, reasons } = await read(set, ...names);
      expect(ids).toEqual(['a.tar/v1']);
      expect(reasons).toEqual({
        'a.tar/v1.a': expect.stringMatching(
          /named v1\.a\.png.*expected v1-a\.png and v1-a\.cls\. .* first dot/,
        ),
      });
    }
  });

  test('labels in another encoding, which would read as one class', async () => {
    const archive = pack();
    const image = await fixture('pictures/rgb.png');
    for (const label of ['\xc4', '\xd6', 'ü']) {
      archive.entry({ name: `${label.charCodeAt(0)}.png` }, image);
      const encoding = label === 'ü' ? 'utf8' : 'latin1';
      archive.entry({ name: `${label.charCodeAt(0)}.cls` }, Buffer.from(label, encoding));
    }
    archive.finalize();
    const bytes = await buffer(archive);
    const store = new MemoryStore({ 'labeled/a.tar': bytes, 'unlabeled/a.tar': bytes });

    const { examples, reasons } = sorted(await readSet(store, config));

    expect(examples.map(({ id, label }) => [id, label])).toEqual([['a.tar/252', 'ü']]);
    expect(Object.fromEntries(reasons)).toEqual({
      'a.tar/196': expect.stringMatching(/^Its label, 196\.cls, is not text in UTF-8\. .*iconv/),
      'a.tar/214': expect.stringContaining('214.cls'),
    });
    expect(sorted(await readSet(store, config, 'unlabeled')).examples).toHaveLength(3);
  });

  test('folders of classes: they are named, because folders are classes elsewhere', async () => {
    const { reasons } = await read('labeled', 'cat/0.png', 'dog/0.png');
    expect(reasons['a.tar/cat/0']).toContain('The folders in an archive are not classes.');
  });

  test('no image at all: the extensions are listed', async () => {
    const { reasons } = await read('unlabeled', '0.bmp', '0.cls', '1.json');
    expect(reasons).toEqual({ 'a.tar': expect.stringContaining('the extensions .bmp, .json.') });
  });

  // Usual archives are as large as a shard, so each is alone in its own.
  test.each([
    ['one shard', config],
    ['a shard each', { ...config, data: { ...config.data, shardMiB: 0.001 } }],
  ])('an archive cut short counts what it must have lost, in %s', async (_, config) => {
    const names = Array.from({ length: 20 }, (_, index) => `${index}.png`);
    const whole = await archiveOf(...names);
    const store = (bytes: number) =>
      new MemoryStore({
        'unlabeled/a.tar': whole,
        'unlabeled/b.tar': whole.subarray(0, bytes),
        'unlabeled/c.tar': whole,
      });
    const memberBytes = (whole.length - 1024) / 20;
    for (const bytes of [5 * memberBytes, 5 * memberBytes + 700]) {
      const items = await readSet(store(bytes), config, 'unlabeled');
      const { examples } = sorted(items);
      expect(examples).toHaveLength(45);
      const cut = items.find(({ id }) => id === 'b.tar');
      const { reason, lost } = cut as Rejected;
      expect(reason).toMatch(/'[45]\.png'/);
      expect(lost).toBeGreaterThanOrEqual(13);
      expect(lost).toBeLessThanOrEqual(15);
    }
  });

  test('the loss of a single archive that is cut short is not known', async () => {
    const whole = await archiveOf('0.png', '1.png', '2.png');
    const store = new MemoryStore({ 'unlabeled/a.tar': whole.subarray(0, 2 * 1024) });
    const { reasons } = sorted(await readSet(store, config, 'unlabeled'));
    expect(reasons.get('a.tar')).toContain('How many examples it has lost is not known');
  });
});

/**
 * Chunks of a tar member of so many bytes: the same ones each time, so that they take no memory.
 */
function bigMember(bytes: number) {
  const chunk = Buffer.alloc(64 * 1024, 7);
  return async function* (index: number): AsyncGenerator<Uint8Array> {
    const archive = pack();
    archive.entry({ name: `${index}.jpg`, size: bytes });
    for await (const header of archive) {
      // The archive is a stream of bytes, although its types do not state it.
      yield header as Uint8Array;
      break;
    }
    let left = Math.ceil(bytes / 512) * 512;
    for (; left > chunk.length; left -= chunk.length) yield chunk;
    yield chunk.subarray(0, left);
  };
}
