import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { outdatedPackages } from '../../setup/packages.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'counterweight-packages-'));
  mkdirSync(path.join(root, 'node_modules'));
});
afterEach(() => rmSync(root, { recursive: true }));

const zod = { version: '4.6.7', integrity: 'sha512-a' };
const yaml = { version: '2.9.1', integrity: 'sha512-b' };
const forMacos = { version: '1.0.0', integrity: 'sha512-c', optional: true };

/** Writes the lock file and npm's list of installed packages. */
function write(locked: Record<string, object>, installed?: Record<string, object>) {
  const lock = { packages: { '': { name: 'counterweight' }, ...locked } };
  writeFileSync(path.join(root, 'package-lock.json'), JSON.stringify(lock));
  if (installed === undefined) return;
  const file = path.join(root, 'node_modules', '.package-lock.json');
  writeFileSync(file, JSON.stringify({ packages: installed }));
}

test('finds nothing when all are as locked, and optional ones are for other platforms', () => {
  const installed = { 'node_modules/zod': zod, 'node_modules/yaml': yaml };
  write({ ...installed, 'node_modules/for-macos': forMacos }, installed);
  expect(outdatedPackages(root)).toEqual([]);
});

test('finds every package that is missing, older, or has other content', () => {
  write(
    { 'node_modules/zod': zod, 'node_modules/yaml': yaml, 'node_modules/for-macos': forMacos },
    {
      'node_modules/yaml': { ...yaml, version: '2.9.0' },
      'node_modules/for-macos': { ...forMacos, integrity: 'sha512-d' },
    },
  );
  expect(outdatedPackages(root).sort()).toEqual([
    'node_modules/for-macos',
    'node_modules/yaml',
    'node_modules/zod',
  ]);
});

test('takes an installation that npm did not finish for none', () => {
  mkdirSync(path.join(root, 'node_modules', 'zod'));
  write({ 'node_modules/zod': zod });
  expect(outdatedPackages(root)).toEqual(['node_modules/zod']);
});
