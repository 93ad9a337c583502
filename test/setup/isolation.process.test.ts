/** Isolation of processes: what is found on machines that allow less, and unusual mounts. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { discard, withFewFiles } from '../../setup/few-files.mjs';
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

/** Finds the isolation for a program in the stead of Node. @param root Of the package. */
function foundWith(node: string, root = repository): unknown {
  return run(
    `import { findIsolation } from ${JSON.stringify(join(root, 'setup/isolation.mjs'))};
    process.execPath = ${JSON.stringify(node)};
    console.log(JSON.stringify(findIsolation().description));`,
    {},
  );
}

const compiler = 'cc';
const fails = 'exit 1';
const succeeds = 'exit 0';

test('a folder that cannot be removed disturbs nothing', () => {
  const inner = join(folder, 'file', 'inner');
  writeFileSync(join(folder, 'file'), '');
  expect(() => rmSync(inner, { recursive: true, force: true })).toThrow();
  discard(inner);
});

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

  test.runIf(spawnSync(compiler, ['--version']).status === 0)(
    'Node starts with libraries behind links, as those of conda-forge and Homebrew are',
    () => {
      const [bin, cellar, opt] = ['bin', 'cellar', 'opt'].map((name) => join(folder, name));
      for (const each of [bin!, cellar!, opt!]) mkdirSync(each);
      const library = join(cellar!, 'libloop.so.1.0');
      const cc = (...args: string[]) => execFileSync(compiler, args, { cwd: folder });
      writeFileSync(join(folder, 'loop.c'), 'int loop(void) { return 0; }');
      cc('-shared', '-fPIC', '-Wl,-soname,libloop.so.1', '-o', library, 'loop.c');
      symlinkSync('libloop.so.1.0', join(cellar!, 'libloop.so.1'));
      symlinkSync(cellar!, join(opt!, 'loop'));
      writeFileSync(join(folder, 'node.c'), 'int loop(void); int main(void) { return loop(); }');
      cc('-o', 'bin/node', 'node.c', library, '-Wl,-rpath,$ORIGIN/../opt/loop');
      expect(foundWith(join(bin!, 'node'))).toBe(best);
    },
  );

  test('files are not hidden from a Node that does not start without them', () => {
    const [node, needed] = [join(folder, 'node'), join(folder, 'needed')];
    writeFileSync(needed, '');
    writeFileSync(node, `#!/bin/sh\nexec cat '${needed}'\n`, { mode: 0o755 });
    expect(foundWith(node)).toBe(second);
  });

  test('they are not if packages lie elsewhere, as those of a global store', () => {
    const [own, store] = [join(folder, 'own'), join(folder, 'store')];
    mkdirSync(join(own, 'setup'), { recursive: true });
    mkdirSync(join(own, 'node_modules'));
    for (const file of ['isolation.mjs', 'few-files.mjs', 'needed-files.mjs', 'binding-link.mjs']) {
      copyFileSync(join(repository, 'setup', file), join(own, 'setup', file));
    }
    writeFileSync(join(own, 'package.json'), '{}');
    expect(foundWith(process.execPath, own)).toBe(best);
    mkdirSync(store);
    writeFileSync(join(store, 'package.json'), '{}');
    symlinkSync(store, join(own, 'node_modules', 'onnxruntime-node'));
    expect(foundWith(process.execPath, own)).toBe(second);
  });

  test('TensorFlow is seen through links on the way to the cache', () => {
    const [actual, alias] = [join(folder, 'actual'), join(folder, 'alias')];
    const lib = join(folder, 'own/node_modules/@tensorflow/tfjs-node/lib');
    for (const each of [join(actual, 'tensorflow'), lib]) mkdirSync(each, { recursive: true });
    writeFileSync(join(actual, 'tensorflow/tfjs_binding.node'), 'binding');
    symlinkSync(actual, alias);
    symlinkSync(join(alias, 'tensorflow'), join(lib, 'napi-v8'));
    writeFileSync(join(folder, 'own/package.json'), '{}');
    const sight = { script: join(folder, 'own/main.mjs'), folder: join(folder, 'process') };
    mkdirSync(sight.folder);
    const [program, ...rest] = [...findIsolation().command, ...withFewFiles(sight)];
    const binding = join(lib, 'napi-v8/tfjs_binding.node');
    const { stdout, stderr } = spawnSync(program!, [...rest, 'cat', binding], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: 'binding', stderr: '' });
  });

  test('a script of no package, as of a function on AWS, is seen with the files beside it', () => {
    const [code, own] = [join(folder, 'code'), join(folder, 'process')];
    for (const each of [code, own]) mkdirSync(each);
    const script = join(code, 'model-process.mjs');
    writeFileSync(script, "import { text } from './chunk.mjs'; process.stdout.write(text);");
    writeFileSync(join(code, 'chunk.mjs'), "export const text = 'from the chunk';");
    const files = withFewFiles({ script, folder: own });
    const [program, ...rest] = [...findIsolation().command, ...files, process.execPath, script];
    const env = { PATH: process.env.PATH };
    const { stdout, stderr } = spawnSync(program!, rest, { encoding: 'utf8', env });
    expect({ stdout, stderr }).toEqual({ stdout: 'from the chunk', stderr: '' });
  });

  test('the folder of a process may forbid programs, as /tmp of some machines', () => {
    const code = `import { findIsolation } from ${JSON.stringify(join(repository, 'setup/isolation.mjs'))};
      process.stdout.write(findIsolation().description);`;
    const inside = 'mount -t tmpfs -o noexec,nosuid,nodev tmpfs "$TMPDIR" && exec "$@"';
    const [program, ...args] = [
      ...['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', inside, 'sh'],
      ...['unshare', '--user', '--map-root-user', '--mount', process.execPath],
      ...['--input-type=module', '-e', code],
    ];
    const env = { ...process.env, TMPDIR: folder };
    const { stdout, stderr } = spawnSync(program!, args, { encoding: 'utf8', env });
    expect({ stdout, stderr }).toEqual({ stdout: best, stderr: '' });
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
