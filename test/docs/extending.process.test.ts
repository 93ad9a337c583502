import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const root = path.join(import.meta.dirname, '../..');

/** The samples of the document: its blocks of TypeScript that begin with their path. */
async function samples(): Promise<Map<string, string>> {
  const document = await readFile(path.join(root, 'docs/extending.md'), 'utf8');
  const blocks = document.matchAll(/^```ts\n\/\/ (\S+\.ts)( \([^)\n]*\))?\n(.*?)^```$/gms);
  return new Map(
    [...blocks].map(([, file, partOf, text]) => [partOf ? `${file}-row.ts` : file!, text!]),
  );
}

test('the samples of docs/extending.md compile in the places where they belong', async () => {
  // Below the root, so that packages are found; `rootDirs` lays it over the sources. Not in dist/,
  // which another test packs at the same time.
  const overlay = await mkdtemp(path.join(import.meta.dirname, 'extending-'));
  onTestFinished(() => rm(overlay, { recursive: true }));
  const files = await samples();
  expect(files.size).toBe(10);
  for (const [file, text] of files) {
    await mkdir(path.dirname(path.join(overlay, file)), { recursive: true });
    await writeFile(path.join(overlay, file), text);
  }
  const config = {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions: { rootDirs: [overlay, root], types: ['node'] },
    include: [`${overlay}/**/*.ts`, path.join(root, 'src/**/*.d.ts')],
  };
  await writeFile(path.join(overlay, 'tsconfig.json'), JSON.stringify(config));
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const compiled = promisify(execFile)(process.execPath, [tsc, '-p', overlay]);
  await compiled.catch(({ stdout }: { stdout: string }) => expect.fail(stdout));
});
