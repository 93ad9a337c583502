/** `node lint/main.mjs`: the rules that Biome does not know. Part of `npm run lint`. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { checkImports } from './imports.mjs';
import { checkLanguage } from './language.mjs';

/** Files whose wording is checked so far; at the end, every file. */
const reworded =
  /^(lint|src\/(aws|cli|data|evaluate|init|store)|test\/(lint|aws|cli|config|data|evaluate|init|store))\/|^(functions|infra|src\/(cost|engines|run)|test\/(cost|engines|functions|infra|localstack|run))\/|^src\/stages\/(?!train)|^src\/(errors|format)\.ts|^src\/config\/(json-schema|load|nearest|read)\.ts|^(CHANGELOG|CONTRIBUTING|SECURITY|\.github)/;

const tracked = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).split('\n');
/** @param {RegExp} pattern */
const sources = (pattern) =>
  tracked
    .filter((file) => pattern.test(file))
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

const findings = [
  ...checkImports(sources(/^(src|functions|infra|bench|evidence)\/.*\.ts$/)),
  ...sources(/\.(ts|mjs|md)$/)
    .filter(({ file }) => reworded.test(file))
    .flatMap(checkLanguage),
];
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exitCode = 1;
