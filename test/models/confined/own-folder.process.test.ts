/** Folders of models in a process of their own, while the process lives and after it. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findIsolation } from '#setup/isolation.mjs';
import { ModelProcess } from '../../../src/models/confined/confined-model.ts';
import { OwnFolder } from '../../../src/models/confined/own-folder.ts';
import { makeWorkFolder, scratchFolder } from '../../../src/models/scratch-folder.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'own-'));
  vi.stubEnv('TMPDIR', parent);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  rmSync(parent, { recursive: true });
});

const folders = () => readdirSync(scratchFolder('work'));

test('the folder of a process that lives for weeks stays', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const own = new OwnFolder();
  const [name] = folders();
  const path = join(scratchFolder('work'), name!);
  utimesSync(path, 1e9, 1e9);
  vi.advanceTimersByTime(24 * 60 * 60 * 1000);
  await vi.waitFor(() => expect(statSync(path).mtimeMs).toBeGreaterThan(1e12));
  makeWorkFolder('other');
  expect(existsSync(path)).toBe(true);
  own.remove();
  expect(vi.getTimerCount()).toBe(0);
});

test.runIf(findIsolation().hidesFiles)(
  'a process that ended is named, and not the folder that went with it',
  async () => {
    const script = join(import.meta.dirname, 'probe-process.mjs');
    const process = new ModelProcess(script);
    process.kill();
    await vi.waitFor(() => expect(folders()).toEqual([]), 10_000);
    const source = { path: script, folder: import.meta.dirname, name: 'the model' };
    await expect(process.show(source)).rejects.toThrow('the model was disposed of');
  },
);
