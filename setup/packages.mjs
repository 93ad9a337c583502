// Keeps node_modules in step with package-lock.json.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './run.mjs';

/** @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockedPackage */

/**
 * Lists the packages that node_modules lacks or has in another version. npm writes its list of
 * installed packages, node_modules/.package-lock.json, as its last step, so that an interrupted
 * installation lacks all of them. An optional package may be absent: it is for another platform.
 *
 * @param {string} root The checkout.
 * @returns {string[]} Their folders, such as `node_modules/zod`.
 */
export function outdatedPackages(root) {
  const installed = lockedPackages(path.join(root, 'node_modules', '.package-lock.json'));
  const locked = lockedPackages(path.join(root, 'package-lock.json'));
  delete locked['']; // The checkout itself.
  return Object.entries(locked)
    .filter(([folder, { version, integrity, optional }]) => {
      const found = installed[folder];
      if (found === undefined) return !optional;
      return found.version !== version || found.integrity !== integrity;
    })
    .map(([folder]) => folder);
}

/** @param {string} file @returns {Record<string, LockedPackage>} */
function lockedPackages(file) {
  if (!existsSync(file)) return {};
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/**
 * Installs the packages if some are outdated. Their install scripts do not run: only tfjs-node's
 * matters, and `ensureTensorFlow` replaces it.
 *
 * @param {string} root
 */
export async function ensurePackages(root) {
  const outdated = outdatedPackages(root);
  if (outdated.length === 0) return;
  console.error(
    `Installing packages: ${outdated.length} are missing or outdated; all together are about ` +
      '440 MB to download and 1.1 GB on disk',
  );
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', args, { cwd: root, show: true });
}
