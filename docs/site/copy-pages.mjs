/** Copies the documents of the repository into `pages/`, at their own paths, so that links hold. */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pages = fileURLToPath(new URL('pages/', import.meta.url));

const patterns = ['*.md', '*.png', '*.svg', ':!test', ':!.github'];
const files = execFileSync('git', ['ls-files', '-z', ...patterns], { cwd: root, encoding: 'utf8' });

rmSync(pages, { recursive: true, force: true });
for (const file of files.split('\0').filter(Boolean)) cpSync(`${root}${file}`, `${pages}${file}`);
