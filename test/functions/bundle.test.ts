/** Zips have no room for native code: the functions that are zips must not load any. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { NATIVE } from '#setup/build.mjs';
import { native } from '../../infra/functions.ts';
import { taskNames } from '../../src/stages/index.ts';

/** The native packages that a function loads when it starts. */
async function loads(task: string): Promise<string[]> {
  const name = task.replace(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`../../${folderOf(task)}/${name}.ts`, import.meta.url))],
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20', external: NATIVE },
    ...{ write: false, metafile: true, outdir: 'unwritten', splitting: true, logLevel: 'silent' },
  });
  const outputs = metafile.outputs;
  const entry = Object.keys(outputs).find((file) =>
    outputs[file]!.entryPoint?.endsWith(`${name}.ts`),
  );
  const seen = new Set([entry!]);
  const found = new Set<string>();
  for (const file of seen) {
    for (const { path, external, kind } of outputs[file]!.imports) {
      if (kind !== 'import-statement') continue;
      if (!external) seen.add(path);
      else if (NATIVE.includes(path)) found.add(path);
    }
  }
  return [...found];
}

function folderOf(task: string): string {
  return taskNames.some((name) => name === task) ? 'src/stages' : 'functions';
}

const zips = [...taskNames, 'Start', 'Sweep'].filter((task) => !native.includes(task));

test.each(zips)('%s loads no native code', async (task) => {
  expect(await loads(task)).toEqual([]);
});

test('what is in an image has reason to be', async () => {
  for (const task of ['Label', 'Train']) expect(await loads(task)).not.toEqual([]);
});
