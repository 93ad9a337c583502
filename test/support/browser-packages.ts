/** Packages that pages of tests import, and that Node does not need. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '#setup/cache-folder.mjs';
import { run, SetupError } from '#setup/run.mjs';

/** Folder of the pinned packages. */
const manifests = join(import.meta.dirname, 'browser');

/**
 * Installs the packages of package-lock.json once per machine (150 MB), into the user's cache.
 * @returns their folder; undefined if they cannot be installed.
 */
export async function browserPackages(): Promise<string | undefined> {
  const lock = join(manifests, 'package-lock.json');
  const digest = createHash('sha256').update(readFileSync(lock)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(), `browser-${digest}`);
  const packages = join(folder, 'node_modules');
  if (existsSync(packages)) return packages;
  await mkdir(cacheFolder(), { recursive: true });
  // The folder appears complete, under its final name, so that two first starts do not mix.
  const unfinished = mkdtempSync(`${folder}.`);
  try {
    for (const name of ['package.json', 'package-lock.json']) {
      copyFileSync(join(manifests, name), join(unfinished, name));
    }
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', ['ci', ...options], { cwd: unfinished });
    if (!existsSync(packages)) renameSync(unfinished, folder);
    return packages;
  } catch (error) {
    if (existsSync(packages)) return packages;
    if (!(error instanceof SetupError)) throw error;
    console.warn(`Skipped: tests of students with encoders in a browser. ${error.message}`);
    return undefined;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
