import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { run } from '#setup/run.mjs';

const create = { width: 8, height: 8, channels: 3, background: '#a53' } as const;
const plain = await sharp({ create }).jpeg().toBuffer();

test('the thread works as it is bundled for the functions', async () => {
  const file = Uint8Array.from(plain);
  const ends = [file.length];
  const threads = ['src/data/features', 'dist/lambda'].map(
    (folder) => new Worker(path.resolve(folder, 'jpeg-thread.mjs')),
  );
  const answers = await Promise.all(
    threads.map(async (thread) => {
      thread.postMessage({ bytes: file, ends });
      const [answer] = await once(thread, 'message');
      await thread.terminate();
      return answer;
    }),
  );
  expect(answers[0].ends).toEqual([8 * 8 * 3]);
  expect(answers[1]).toEqual(answers[0]);
});

describe('the thread and its process', () => {
  /** Decodes twice in a new process, which must exit by itself, and returns the two results. */
  async function decodeTwice(folder: string): Promise<string[]> {
    const module = pathToFileURL(path.resolve(folder, 'plain-jpeg.js'));
    const program = `
      const { decodePlainJpeg } = await import('${module}');
      const file = Uint8Array.from(${JSON.stringify([...plain])});
      for (let turn = 0; turn < 2; turn++) {
        console.log(await decodePlainJpeg(file).then(({ length }) => length, String));
      }`;
    const args = ['--input-type=module', '--eval', program];
    return (await run(process.execPath, args)).trim().split('\n');
  }

  test('an idle thread does not keep the process alive', async () => {
    expect(await decodeTwice('dist/src/data/features')).toEqual(['192', '192']);
  });

  test('a thread that crashes is an error, each time', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'counterweight-'));
    try {
      const features = path.join(folder, 'data', 'features');
      await mkdir(features, { recursive: true });
      await copyFile('dist/src/arrays.js', path.join(folder, 'arrays.js'));
      await copyFile('dist/src/data/features/plain-jpeg.js', path.join(features, 'plain-jpeg.js'));
      await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
      await writeFile(path.join(features, 'jpeg-thread.mjs'), "throw new Error('crashed');");
      expect(await decodeTwice(features)).toEqual(['Error: crashed', 'Error: crashed']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
