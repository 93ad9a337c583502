/** No function loads native code when it starts, and those that are zips never do. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test, vi } from 'vitest';
import { NATIVE } from '#setup/build.mjs';
import { shardItems } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { allStages, endpoints, type StageName, stages, triggers } from '../../src/stages/index.ts';
import type { FunctionRow } from '../../src/stages/stage.ts';
import { plannedRun } from '../support/planned-run.ts';
import { putJson } from '../support/put.ts';
import { sampleMetrics } from '../support/sample-metrics.ts';

const rows: FunctionRow[] = [stages, triggers, endpoints].flatMap((table) => Object.values(table));

/** `Train` is in `src/stages/train.ts`; functions outside of the workflow are in `functions/`. */
function fileOf(name: string): string {
  const folder = name in stages ? 'src/stages' : 'functions';
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

/** The native packages that a function imports statically, or all that it can import. */
function nativeImports(name: string, kinds: readonly string[]): string[] {
  const seen = new Set([`unwritten/${name}.js`]);
  const found = new Set<string>();
  for (const file of seen) {
    for (const { path, external, kind } of outputs[file]!.imports) {
      if (!kinds.includes(kind)) continue;
      if (!external) seen.add(path);
      else if (NATIVE.includes(path)) found.add(path);
    }
  }
  return [...found];
}

const images = rows.filter(({ native }) => native);

// Zips have none. In an image, TensorFlow is loaded in the first call: Lambda breaks off a start of
// more than ten seconds, and repeats it.
test.each(rows)('$name starts without native code', ({ name }) => {
  expect(nativeImports(name, ['import-statement'])).toEqual([]);
});

test.each(images)('$name can load native code', ({ name }) => {
  expect(nativeImports(name, ['import-statement', 'dynamic-import'])).not.toEqual([]);
});

test('stages in zips run without native code, also on images', async () => {
  const { event, job, label, context } = await plannedRun({}, 'images');
  await label(() => ({ prediction: 0, probability: 0.9 }));
  await putJson(job.results, keys.metrics(job.run), sampleMetrics());
  vi.resetModules();
  for (const name of NATIVE) {
    vi.doMock(name, () => {
      throw new Error(`${name} was loaded`);
    });
  }
  const { stages } = await import('../../src/stages/index.ts');
  const [shard] = await shardItems(job);
  const any = { ...event, shard, error: { Error: 'Error', Cause: 'none' } };
  const call = async (name: StageName) => (await stages[name].load())(any, context);
  await expect(import('../../src/tensorflow.ts')).rejects.toThrow('TensorFlow cannot be loaded');
  for (const { name } of allStages.filter(({ native }) => !native)) {
    await expect(call(name), name).resolves.toBeDefined();
  }
});
