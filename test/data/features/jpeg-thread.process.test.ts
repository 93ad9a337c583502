// The thread as it is compiled, and as it is bundled for the functions.
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { run } from '#setup/run.mjs';
import { fitPixels, type PixelFit } from '../../../src/data/features/image-fit.ts';
import { readPlainJpeg } from '../../../src/data/features/plain-jpeg.ts';

const create = { width: 8, height: 8, channels: 3, background: '#a53' } as const;
const file = Uint8Array.from(await sharp({ create }).jpeg().toBuffer());
const cut = file.subarray(0, file.length - 20);
const plain = readPlainJpeg(file)!;
const fit: PixelFit = {
  ...{ fit: 'pad', filter: 'bicubic', channels: 3, channelOrder: 'BGR' },
  ...{ resized: { height: 5, width: 7 }, seen: { height: 5, width: 7 } },
};

test.each(['src/data/features/jpeg-thread.js', 'lambda/jpeg-thread.mjs'])(
  'dist/%s decodes and fits',
  async (compiled) => {
    const thread = new Worker(path.resolve('dist', compiled));
    const files = [
      { length: file.length, plain },
      { length: cut.length, plain, fit },
      { length: file.length, plain, fit },
    ];
    thread.postMessage({ bytes: Buffer.concat([file, cut, file]), files });
    const [{ bytes, lengths }] = await once(thread, 'message');
    await thread.terminate();
    const pixels = await sharp(file).raw().toBuffer();
    const fitted = fitPixels({ ...plain, data: pixels }, fit);
    expect(lengths).toEqual([pixels.length, 0, fitted.length]);
    expect(Buffer.compare(bytes, Buffer.concat([pixels, fitted]))).toBe(0);
  },
);

/** Runs a program as a process, which must exit by itself; returns the lines that it prints. */
async function linesOf(program: string): Promise<string[]> {
  const args = ['--input-type=module', '--eval', program];
  return (await run(process.execPath, args)).trim().split('\n');
}

const urlOf = (...parts: string[]) => pathToFileURL(path.resolve(...parts)).href;

/** Returns a program that decodes the file twice, and prints the two results. */
function decodeTwice(folder: string): string {
  return `
    const { decodePlainJpeg } = await import('${urlOf(folder, 'jpeg-worker.js')}');
    const file = Uint8Array.from(${JSON.stringify([...file])});
    for (let turn = 0; turn < 2; turn++) {
      const pixels = decodePlainJpeg(file, ${JSON.stringify(plain)});
      console.log(await pixels.then(({ length }) => length, String));
    }`;
}

test('an idle thread does not keep the process alive', async () => {
  expect(await linesOf(decodeTwice('dist/src/data/features'))).toEqual(['192', '192']);
});

describe('a thread that crashes', () => {
  /** Copies compiled files to a folder with a thread that crashes. */
  async function inFolder<Result>(task: (features: string) => Promise<Result>): Promise<Result> {
    const folder = await mkdtemp(path.join(tmpdir(), 'counterweight-'));
    try {
      const features = path.join(folder, 'data', 'features');
      await mkdir(features, { recursive: true });
      for (const name of ['arrays.js', 'compiled-file.js', 'data/features/jpeg-worker.js']) {
        await copyFile(path.join('dist/src', name), path.join(folder, name));
      }
      await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
      await writeFile(path.join(features, 'jpeg-thread.js'), "throw new Error('crashed');");
      return await task(features);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test('is an error, each time', async () => {
    const message = 'JpegThreadError: Error: crashed';
    expect(await inFolder((folder) => linesOf(decodeTwice(folder)))).toEqual([message, message]);
  });
});
