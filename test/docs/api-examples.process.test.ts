import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { apiExamples } from '../../docs/make-api.mjs';

const root = path.join(import.meta.dirname, '../..');

test('the examples of the API compile as a user would write them', async () => {
  await mkdir(path.join(root, 'dist'), { recursive: true });
  const folder = await mkdtemp(path.join(root, 'dist/examples-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const examples = apiExamples(root);
  expect(examples.length).toBeGreaterThanOrEqual(12);
  for (const [index, { name, text }] of examples.entries()) {
    await writeFile(path.join(folder, `${index}-${name}.ts`), `${text}\nexport {};\n`);
  }
  const config = {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions: {
      noUnusedLocals: false,
      paths: {
        counterweight: [path.join(root, 'src/index.ts')],
        'counterweight/debias': [path.join(root, 'src/debias/index.ts')],
      },
    },
    include: [`${folder}/*.ts`, path.join(root, 'src/**/*.d.ts')],
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const compiled = promisify(execFile)(process.execPath, [tsc, '-p', folder]);
  await compiled.catch(({ stdout }: { stdout: string }) => expect.fail(stdout));
});
