import { existsSync, readFileSync } from 'node:fs';

/** Reads the version in the package.json of the folder that holds `src/` or, compiled, `dist/`. */
export function packageVersion(): string {
  let folder = new URL('../../', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) {
    if (folder.pathname === '/') return 'unknown';
    folder = new URL('../', folder);
  }
  const text = readFileSync(new URL('package.json', folder), 'utf8');
  const { version }: { version: string } = JSON.parse(text);
  return version;
}
