/** `node lint/main.mjs`: the rules that Biome does not know. Part of `npm run lint`. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { checkImports } from './imports.mjs';

const tracked = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).split('\n');
const product = tracked.filter((file) =>
  /^(src|functions|infra|bench|evidence)\/.*\.ts$/.test(file),
);
const sources = product.map((file) => ({ file, text: readFileSync(file, 'utf8') }));
const findings = checkImports(sources);
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exitCode = 1;
