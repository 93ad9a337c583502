/** `node lint/main.mjs`: the rules that Biome does not know. Part of `npm run lint`. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { checkImports } from './imports.mjs';
import { checkLanguage } from './language.mjs';
import { checkNames } from './names.mjs';

const tracked = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).split('\n');
/** @param {RegExp} pattern */
const sources = (pattern) =>
  tracked
    .filter((file) => pattern.test(file))
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

const findings = [
  ...checkImports(sources(/^(src|functions|infra|bench|evidence)\/.*\.ts$/)),
  ...checkNames(sources(/^(src|functions|infra)\/.*\.ts$/)),
  ...sources(/\.(ts|mjs|md)$/).flatMap(checkLanguage),
];
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exitCode = 1;
