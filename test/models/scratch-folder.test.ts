import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { makeWorkFolder, scratchFolder } from '../../src/models/scratch-folder.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'scratch-'));
});
afterEach(() => rm(parent, { recursive: true }));

test('the folder of the user is made for the user alone, and used again', () => {
  const folder = scratchFolder('teachers', parent);
  expect(basename(folder)).toBe('teachers');
  expect(statSync(dirname(folder)).mode & 0o777).toBe(0o700);
  expect(scratchFolder('teachers', parent)).toBe(folder);
});

test.each([
  ['others can write to it', (own: string) => chmodSync(own, 0o777)],
  ['others can read it', (own: string) => chmodSync(own, 0o750)],
])('the folder is refused if %s', (_, change) => {
  change(dirname(scratchFolder('teachers', parent)));
  expect(() => scratchFolder('teachers', parent)).toThrow(UserError);
});

test('a link in its stead is refused, also to a folder of the user', () => {
  const own = dirname(scratchFolder('teachers', parent));
  const name = basename(own);
  const other = join(parent, 'other');
  mkdirSync(other, { mode: 0o700 });
  const second = join(parent, 'second');
  mkdirSync(second);
  symlinkSync(other, join(second, name));
  expect(() => scratchFolder('teachers', second)).toThrow(/can be changed by other users/);
});

const longAgo = 1e9;

test('a folder for one use is new, and those of killed processes are removed', () => {
  const killed = makeWorkFolder('graph', parent);
  writeFileSync(join(killed, 'saved_model.pb'), 'x');
  utimesSync(killed, longAgo, longAgo);
  const running = makeWorkFolder('graph', parent);
  const made = makeWorkFolder('export', parent);
  expect(readdirSync(dirname(made)).sort()).toEqual([basename(made), basename(running)]);
});

test('a copy that a killed process began is removed, and no other file', () => {
  const folder = scratchFolder('teachers', parent);
  const begun = 'model.0b5c3f0e-6f7e-4a53-9a55-1c1f8b7a2a10';
  for (const name of ['model', begun]) {
    writeFileSync(join(folder, name), '');
    utimesSync(join(folder, name), longAgo, longAgo);
  }
  writeFileSync(join(folder, `new-${begun}`), '');
  scratchFolder('teachers', parent);
  expect(readdirSync(folder).sort()).toEqual(['model', `new-${begun}`]);
});
