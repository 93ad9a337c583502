/** The container images as far as they can be looked at without Docker. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const images = ['functions', 'trainer'] as const;

/** The instructions of an image's Dockerfile, each on one line, in stages. */
function stagesOf(image: string): string[][] {
  const file = path.join(repository, 'infra', 'images', image, 'Dockerfile');
  const text = readFileSync(file, 'utf8')
    .replace(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '');
  return text
    .split(/^(?=FROM )/m)
    .slice(1)
    .map((stage) => stage.trim().split('\n'));
}

/** The command of the build stage that installs the packages. */
function installation(image: string): string {
  return stagesOf(image)[0]!
    .find((line) => line.startsWith('RUN npm'))!
    .slice('RUN '.length);
}

test('both install the same packages, and differ in TensorFlow', () => {
  expect(installation('trainer')).toBe(installation('functions'));
  const setups = images.map((image) => stagesOf(image)[0]!.at(-1));
  expect(setups).toEqual([
    'RUN COUNTERWEIGHT_CACHE=/opt/counterweight node setup/setup.mjs',
    'RUN COUNTERWEIGHT_GPU=1 COUNTERWEIGHT_CACHE=/opt/counterweight node setup/setup.mjs',
  ]);
});

describe.each(images)('the image %s', (image) => {
  test('is made in a stage with compilers, which the final stage has none of', () => {
    const [build, final] = stagesOf(image);
    expect(final![0]).toBe(build![0]!.replace(' AS build', ''));
    expect(final!.filter((line) => line.startsWith('RUN'))).toEqual([]);
  });

  test('copies what is there, and what .dockerignore lets through', () => {
    const ignored = readFileSync(path.join(repository, '.dockerignore'), 'utf8').split('\n');
    const copied = stagesOf(image)
      .flat()
      .filter((line) => line.startsWith('COPY') && !line.includes('--from'))
      .flatMap((line) => line.split(' ').slice(1, -1))
      .filter((source) => !source.startsWith('--'))
      .filter((source) => !source.includes('[')); // A file that is not in every context.
    expect(copied).toContain('setup');
    for (const source of copied) {
      expect(existsSync(path.join(repository, source)), source).toBe(true);
      expect(ignored).toContain(`!${source}`);
    }
  });
});

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly dev?: boolean }>
  >;
}

test('what an image leaves out is what deploys; the others keep their locked versions', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'counterweight-image-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ['package.json', 'package-lock.json']) {
    cpSync(path.join(repository, name), path.join(folder, name));
  }
  const [uninstall = ''] = installation('trainer').split(' && ');
  const [npm = '', ...args] = uninstall.split(' ');
  execFileSync(npm, [...args, '--offline'], { cwd: folder, stdio: 'pipe' });

  const locked = readLock(repository);
  const left = readLock(folder);
  for (const [name, { version }] of Object.entries(left)) {
    if (name !== '') expect([name, version]).toEqual([name, locked[name]?.version]);
  }
  const gone = Object.keys(locked).filter((name) => !(name in left) && !locked[name]?.dev);
  expect(gone).toEqual(expect.arrayContaining(['node_modules/aws-cdk-lib']));
  expect(gone.filter((name) => !/cdk|constructs|-ec2|-ecr|service-quotas/.test(name))).toEqual([]);
});

function readLock(folder: string): Lock['packages'] {
  const lock: Lock = JSON.parse(readFileSync(path.join(folder, 'package-lock.json'), 'utf8'));
  return lock.packages;
}
