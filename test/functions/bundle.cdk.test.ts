/** Zips have no room for native code: the functions that are zips must not load any. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { NATIVE } from '#setup/build.mjs';
import { allStages, triggers } from '../../src/stages/index.ts';
import type { FunctionRow } from '../../src/stages/stage.ts';

const rows: FunctionRow[] = [...allStages, ...Object.values(triggers)];

/** `Train` is in `src/stages/train.ts`; triggers are in `functions/`. */
function fileOf(name: string): string {
  const folder = name in triggers ? 'functions' : 'src/stages';
  const file = name.replace(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
  return fileURLToPath(new URL(`../../${folder}/${file}.ts`, import.meta.url));
}

const { metafile } = await build({
  entryPoints: rows.map(({ name }) => ({ in: fileOf(name), out: name })),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: NATIVE,
  write: false,
  metafile: true,
  outdir: 'unwritten',
  splitting: true,
  logLevel: 'silent',
});
const { outputs } = metafile;

/** The native packages that a function loads when it starts. */
function nativeImports(name: string): string[] {
  const seen = new Set([`unwritten/${name}.js`]);
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

test.each(rows.filter(({ native }) => !native))('$name loads no native code', ({ name }) => {
  expect(nativeImports(name)).toEqual([]);
});

test.each(rows.filter(({ native }) => native))('$name loads native code', ({ name }) => {
  expect(nativeImports(name)).not.toEqual([]);
});
