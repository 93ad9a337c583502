import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FolderStore } from '../../src/store/folder.ts';
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  openCheckpoints,
} from '../../src/train/checkpoint.ts';

function checkpoint(step: number, values = [step, 0.5]): Checkpoint {
  const sums = { loss: 0.1 + 0.2, examples: 8, weight: 3.7, weighted: 4, agreed: 3, seconds: 0.25 };
  const history = [
    { epoch: 0, loss: 1 / 3, meanWeight: null, agreement: null, heldOut: null, seconds: 1.5 },
  ];
  return {
    progress: { epoch: 1, batch: 2, step, sums, history },
    tensors: new Map([
      ['dense1/kernel', { shape: [values.length, 1], values: Float32Array.from(values) }],
      ['optimizer/steps', { shape: [], values: Float32Array.of(step) }],
    ]),
  };
}

describe('encodeCheckpoint', () => {
  test('gives back every bit', () =>
    fc.assert(
      fc.property(
        // No weight is called __proto__, which an object would not keep.
        fc.dictionary(fc.stringMatching(/^[a-zé/]{1,9}$/), fc.array(fc.float())),
        (arrays) => {
          const tensors = new Map(
            Object.entries(arrays).map(([name, array]) => [
              name,
              { shape: [array.length], values: Float32Array.from(array) },
            ]),
          );
          const saved = { ...checkpoint(1), tensors };
          // At an odd offset in its buffer, as a read may return it.
          const bytes = Buffer.concat([Buffer.of(0), encodeCheckpoint(saved, 'abc')]).subarray(1);
          expect(decodeCheckpoint(bytes)).toEqual({ ...saved, configDigest: 'abc' });
        },
      ),
    ));

  test('writes the safetensors format', () => {
    const bytes = Buffer.from(encodeCheckpoint(checkpoint(3), 'abc'));
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
    expect(length % 8).toBe(0);
    expect(header).toMatchObject({
      __metadata__: { configDigest: 'abc', progress: expect.any(String) },
      'dense1/kernel': { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
      'optimizer/steps': { dtype: 'F32', shape: [], data_offsets: [8, 12] },
    });
    expect(bytes.readFloatLE(8 + length + 4)).toBe(0.5);
    expect(bytes.length).toBe(8 + length + 12);
  });

  test('a part of one is refused, wherever it is cut', () => {
    const bytes = encodeCheckpoint(checkpoint(3), 'abc');
    for (let end = 0; end < bytes.length; end++) {
      expect(() => decodeCheckpoint(bytes.subarray(0, end))).toThrow();
    }
  });
});

describe('openCheckpoints', () => {
  let folder: string;
  let store: FolderStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'checkpoints-'));
    store = new FolderStore(folder);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const open = (configDigest = 'abc') =>
    openCheckpoints(store, 'checkpoints/students/1/', configDigest);

  async function newestFile(): Promise<string> {
    const latest = join(folder, 'checkpoints/students/1/LATEST');
    const { checkpoints } = JSON.parse(await readFile(latest, 'utf8'));
    return join(folder, 'checkpoints/students/1', checkpoints[0].name);
  }

  test('gives the newest', async () => {
    expect(await open().load()).toBeUndefined();
    for (const step of [1, 5, 9]) await open().save(checkpoint(step));
    expect(await open().load()).toMatchObject(checkpoint(9));
  });

  test('only the two newest take space', async () => {
    await open('other').save(checkpoint(2));
    for (const step of [1, 5, 9, 12, 12]) await open().save(checkpoint(step));
    const full: string[] = [];
    for await (const { key, bytes } of store.list('checkpoints/students/1/')) {
      if (bytes > 0) full.push(key.slice(key.lastIndexOf('/') + 1).replace(/-.*/, ''));
    }
    // That of another configuration stays.
    expect(full).toEqual(['12', '2', '9', 'LATEST']);
  });

  for (const [what, damage] of [
    [
      'changed in one bit',
      (bytes: Buffer) => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)),
    ],
    ['cut off', (bytes: Buffer) => bytes.subarray(0, -4)],
    ['empty', () => Buffer.of()],
  ] as const) {
    test(`loads the previous checkpoint if the newest is ${what}, and resumes from there`, async () => {
      for (const step of [1, 5, 9]) await open().save(checkpoint(step));
      const file = await newestFile();
      await writeFile(file, damage(await readFile(file)));
      const checkpoints = open();
      expect(await checkpoints.load()).toMatchObject(checkpoint(5));
      await checkpoints.save(checkpoint(7));
      expect(await open().load()).toMatchObject(checkpoint(7));
      await checkpoints.save(checkpoint(9));
      expect(await open().load()).toMatchObject(checkpoint(9));
    });
  }

  test('a missing checkpoint counts as damaged; without any, training starts over', async () => {
    for (const step of [1, 5]) await open().save(checkpoint(step));
    await rm(await newestFile());
    expect(await open().load()).toMatchObject(checkpoint(1));
    await rm(join(folder, 'checkpoints'), { recursive: true });
    expect(await open().load()).toBeUndefined();
  });

  test('a damaged pointer counts as none, and the next checkpoint replaces it', async () => {
    await open().save(checkpoint(5));
    const latest = join(folder, 'checkpoints/students/1/LATEST');
    await writeFile(latest, (await readFile(latest, 'utf8')).replace('"step": 5', '"step": 9'));
    expect(await open().load()).toBeUndefined();
    await open().save(checkpoint(2));
    expect(await open().load()).toMatchObject(checkpoint(2));
  });

  test('those of another configuration do not count, even when they are further', async () => {
    await open('other').save(checkpoint(9));
    expect(await open().load()).toBeUndefined();
    await open().save(checkpoint(2));
    expect(await open().load()).toMatchObject(checkpoint(2));
  });

  test('of two tasks of one training, the slower does not set the other back', async () => {
    const [ahead, behind] = [open(), open()];
    await Promise.all([ahead.save(checkpoint(8)), behind.save(checkpoint(3, [1]))]);
    expect(await open().load()).toMatchObject(checkpoint(8));
    await behind.save(checkpoint(4, [1]));
    expect(await open().load()).toMatchObject(checkpoint(8));
  });
});
