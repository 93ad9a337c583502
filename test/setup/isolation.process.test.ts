/** Isolation of processes: what is found on machines that allow less, and unusual mounts. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findIsolation } from '../../setup/isolation.mjs';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const compiled = join(repository, 'dist/src/models/confined/confined-model.js');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'counterweight-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts programs before those of the PATH. */
function pathWith(programs: Record<string, string>): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return `${bin}${delimiter}${process.env.PATH}`;
}

/** Runs a module in a process of its own, which has not looked for an isolation yet. */
function run(code: string, env: Record<string, string>): unknown {
  const options = { env: { ...process.env, ...env }, encoding: 'utf8' } as const;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code], options));
}

/** Finds the isolation, and lets a model of it read a file of the user. */
function lookAt(env: Record<string, string>): unknown {
  const [canary, model] = [join(folder, 'canary'), join(folder, 'model')];
  writeFileSync(canary, 'visible');
  mkdirSync(model);
  const probe = join(repository, 'test/models/confined/probe-process.mjs');
  const source = { path: join(model, 'read'), folder: model, name: 'it', inner: [canary] };
  return run(
    `import { findIsolation } from ${JSON.stringify(join(repository, 'setup/isolation.mjs'))};
    import { loadConfined } from ${JSON.stringify(compiled)};
    const model = await loadConfined('onnx', ${JSON.stringify(source)}, ${JSON.stringify(probe)});
    const { description } = findIsolation();
    console.log(JSON.stringify({ description, canary: model.classLabels[0] }));
    model.dispose();`,
    env,
  );
}

const fails = 'exit 1';
const succeeds = 'exit 0';

describe.runIf(findIsolation().hidesFiles)('on a machine that allows namespaces', () => {
  const [best, second] = [
    'no network, no sight of other processes, and no files but those of the model',
    'no network, and no sight of other processes; files are not isolated',
  ];

  test('files are hidden, and no folder of the process stays', () => {
    const TMPDIR = join(folder, 'temporary');
    mkdirSync(TMPDIR);
    expect(lookAt({ TMPDIR })).toEqual({ description: best, canary: 'failed' });
    const [own] = readdirSync(TMPDIR);
    expect(readdirSync(join(TMPDIR, own!))).toEqual(['work']);
    expect(readdirSync(join(TMPDIR, own!, 'work'))).toEqual([]);
  });

  test.each([
    ['mounts fail', { mount: fails }],
    ['mounts do nothing', { mount: succeeds }],
    ['the root folder stays', { pivot_root: succeeds, umount: succeeds }],
    ['the root folder cannot change', { pivot_root: fails }],
  ])('they are not if %s, and models run', (_, programs) => {
    const env = { PATH: pathWith(programs) };
    expect(lookAt(env)).toEqual({ description: second, canary: 'visible' });
  });

  test('they are not with a GPU, whose devices would be hidden', () => {
    const found = lookAt({ COUNTERWEIGHT_GPU: '1' });
    expect(found).toEqual({ description: second, canary: 'visible' });
  });

  test.each([
    ['without namespaces', { unshare: fails }],
    ['without util-linux', { unshare: fails, setpriv: fails }],
  ])('models run %s', (_, programs) => {
    const env = { PATH: pathWith(programs) };
    expect(lookAt(env)).toEqual({ description: 'none', canary: 'visible' });
  });

  test('doctor names a library that does not load among the files', () => {
    const unreadable = `case "$*" in *--fstab*) sed -i /tensorflow/d "$3";; esac
      exec /usr/bin/env PATH=${JSON.stringify(process.env.PATH)} mount "$@"`;
    const found = run(
      `import { checks } from ${JSON.stringify(join(repository, 'setup/checks.mjs'))};
      console.log(JSON.stringify((await checks()).at(-1)));`,
      { PATH: pathWith({ mount: unreadable }) },
    );
    expect(found).toEqual({
      name: 'models of users',
      ok: false,
      detail: expect.stringMatching(/^TensorFlow does not load there: /),
      fix: expect.stringContaining('npm'),
    });
  });

  test('a folder may have any name, and mounts and options of its own', () => {
    const home = join(folder, "a 'home'\t#");
    const packages = join(home, 'node_modules');
    const mounted = join(packages, 'mounted');
    mkdirSync(mounted, { recursive: true });
    writeFileSync(join(home, 'package.json'), '{}');
    writeFileSync(join(home, 'secret'), 'secret');
    const script = join(home, 'main.mjs');
    writeFileSync(
      script,
      `import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
      const written = process.argv.slice(2).map((folder) => {
        try { writeFileSync(folder + '/new', ''); return 'written'; } catch ({ code }) { return code; }
      });
      const seen = readdirSync(import.meta.dirname);
      const file = readFileSync(process.argv[2] + '/file', 'utf8');
      console.log(JSON.stringify({ seen, file, written }));`,
    );
    const start = `import { spawnSync } from 'node:child_process';
      import { findIsolation } from ${JSON.stringify(join(repository, 'setup/isolation.mjs'))};
      import { withFewFiles } from ${JSON.stringify(join(repository, 'setup/few-files.mjs'))};
      const [script, folder, ...places] = process.argv.slice(1);
      const folders = { '/a b': folder };
      const files = withFewFiles({ script, folder: folder, folders });
      const [program, ...rest] = [...findIsolation().command, ...files, process.execPath];
      const { stdout, stderr } = spawnSync(program, [...rest, script, ...places]);
      process.stdout.write(stdout);
      process.stderr.write(stderr);`;
    const work = join(home, '\\040');
    mkdirSync(work);
    const inside = `mount -t tmpfs -o noexec,nosuid,nodev tmpfs "$1" && echo inside >"$1/file" &&
      shift && exec "$@"`;
    const [program, ...rest] = [
      ...['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', inside, 'sh', mounted],
      ...[process.execPath, '--input-type=module', '-e', start],
      ...[script, work, mounted, packages, home, '/a b'],
    ];
    const env = { PATH: process.env.PATH };
    const { stdout, stderr } = spawnSync(program!, rest, { encoding: 'utf8', env });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      seen: ['main.mjs', 'node_modules', 'package.json'],
      file: 'inside\n',
      written: ['EROFS', 'EROFS', 'EROFS', 'EROFS'],
    });
  });
});
