/**
 * Checks the version of Node.js. Imports nothing that an old version lacks, so that it can report
 * the error there.
 */
import { readFileSync } from 'node:fs';

/** @returns {import('./requirements.mjs').Check} */
export function nodeVersionCheck(version = process.versions.node) {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  /** @type {string} For example `>=20.19 <27`. */
  const range = JSON.parse(manifest).engines.node;
  const [fromMajor = 0, fromMinor = 0, endMajor = 0] = (range.match(/\d+/g) ?? []).map(Number);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major < endMajor && (major > fromMajor || (major === fromMajor && minor >= fromMinor));
  if (ok) return { name: 'Node.js', ok, detail: version };
  return {
    name: 'Node.js',
    ok,
    detail: `Counterweight does not run on ${version} (${range})`,
    fix: 'Install Node.js 24: `nvm install 24`, or from nodejs.org.',
  };
}
