import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bindingLink } from '../../setup/binding-link.mjs';
import {
  ensureTensorFlow,
  isCached,
  isLinked,
  nativeFolder,
  type Site,
} from '../../setup/tensorflow.mjs';
import { FakeMachine, workingDownload } from './fake-machine.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const setUp = (site: Site = machine.site) => ensureTensorFlow({ quiet: true, site });

/** The files below a folder, links among them, by their paths. */
function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return files
    .map(({ parentPath, name }) => path.join(path.relative(folder, parentPath), name))
    .sort();
}

describe('a set-up', () => {
  test('leaves the libraries and the binding in one folder that tfjs-node links to', async () => {
    await setUp();
    expect(machine.cached).toEqual(['tensorflow-2.21.0-tfjs-node-4.22.0-linux-x64']);
    expect(filesOf(nativeFolder(machine.site))).toEqual([
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/libtensorflow_framework.so.2',
      'tfjs_binding.node',
    ]);
    expect(realpathSync(bindingLink(machine.site.tfjsFolder))).toBe(nativeFolder(machine.site));
  });

  test('downloads the pinned wheel and compiles against the headers that came with it', async () => {
    await setUp();
    const [download, strip, compile] = machine.log;
    expect(download).toMatch(/--platform any .* tensorflow-cpu==2\.21\.0$/);
    expect(strip).toMatch(/--strip-unneeded \S+libtensorflow_cc\.so\.2/);
    expect(compile).toMatch(
      /-DNAPI_VERSION=8 -I\S+\/tensorflow\/include .*-Wl,-rpath,\$ORIGIN\/tensorflow/,
    );
  });

  test('keeps the libraries as they are on a machine without strip', async () => {
    machine.removeProgram('strip');
    await setUp();
    expect(isLinked(machine.site)).toBe(true);
  });

  test('takes the compiler that CXX names, with its arguments', async () => {
    machine.addProgram('wrapped', 'exec "$@"');
    await setUp({ ...machine.site, env: { ...machine.site.env, CXX: 'wrapped c++ -DOURS' } });
    expect(machine.log.at(-1)).toMatch(/^compile -DOURS -std=c\+\+17/);
  });

  test('runs no program when everything is there, nor after a new npm ci', async () => {
    await setUp();
    const { log } = machine;
    await setUp();
    rmSync(path.join(machine.site.tfjsFolder, 'lib'), { recursive: true });
    await setUp();
    expect(isLinked(machine.site)).toBe(true);
    expect(machine.log).toEqual(log);
  });

  test("replaces the folder that tfjs-node's own install script leaves", async () => {
    const own = bindingLink(machine.site.tfjsFolder);
    mkdirSync(own, { recursive: true });
    writeFileSync(path.join(own, 'tfjs_binding.node'), 'TensorFlow 2.9');
    await setUp();
    expect(lstatSync(own).isSymbolicLink()).toBe(true);
  });

  test('follows a link into a cache that is gone by making a new one', async () => {
    mkdirSync(path.dirname(bindingLink(machine.site.tfjsFolder)));
    symlinkSync('/nowhere', bindingLink(machine.site.tfjsFolder));
    await setUp();
    expect(isLinked(machine.site)).toBe(true);
  });

  test('mends a folder of the cache that lacks its binding', async () => {
    await setUp();
    rmSync(path.join(nativeFolder(machine.site), 'tfjs_binding.node'));
    await setUp();
    expect(isLinked(machine.site)).toBe(true);
  });
});

describe('a set-up for a GPU', () => {
  const cublas = 'nvidia/cublas/lib/libcublas.so.12';
  const cusolver = 'nvidia/cusolver/lib/libcusolver.so.11';
  const link = 'nvidia/cublas/lib/libcusolver.so.11';
  const ptxas = 'nvidia/cuda_nvcc/bin/ptxas';

  /** TensorFlow and three wheels like those of NVIDIA. */
  function gpuSite(): Site {
    const version = '12.5';
    const { distribution } = machine.site;
    const wheels = [
      ...distribution.wheels,
      machine.makeWheel({ package: 'blas', version, files: [cublas] }, [cublas, `${cublas}.more`]),
      machine.makeWheel(
        {
          package: 'solver',
          version,
          files: [cusolver],
          links: { [link]: `../../../${cusolver}` },
        },
        [cusolver, 'nvidia/cusolver/lib/other.so'],
      ),
      machine.makeWheel({ package: 'nvcc', version, files: ['nvidia/cuda_nvcc/bin/'] }, [ptxas]),
    ];
    return {
      ...machine.site,
      platform: 'linux-x64-gpu',
      distribution: { ...distribution, wheels },
    };
  }

  test("has a folder of its own, with NVIDIA's libraries where TensorFlow looks for them", async () => {
    const site = gpuSite();
    await setUp(site);
    expect(machine.cached).toEqual(['tensorflow-2.21.0-tfjs-node-4.22.0-linux-x64-gpu']);
    const folder = nativeFolder(site);
    expect(filesOf(folder).filter((name) => name.startsWith('nvidia'))).toEqual([
      cublas,
      `${cublas}.more`,
      link,
      ptxas,
      cusolver,
    ]);
    expect(readFileSync(path.join(folder, link), 'utf8')).toBe(cusolver);
    expect(statSync(path.join(folder, ptxas)).mode & 0o777).toBe(0o755);
    expect(machine.log.filter((line) => line.startsWith('compile')).join()).not.toMatch(/nvidia/);
  });

  test('and the one for the processor replace each other', async () => {
    const site = gpuSite();
    await setUp();
    await setUp(site);
    expect([isLinked(site), isLinked(machine.site)]).toEqual([true, false]);
    const { log } = machine;
    await setUp();
    expect([isLinked(site), isLinked(machine.site), machine.log]).toEqual([false, true, log]);
  });

  test('takes no wheel that is another one, and leaves nothing behind', async () => {
    const site = gpuSite();
    machine.makeWheel({ package: 'nvcc', version: '12.5', files: [] }, ['other']);
    await expect(setUp(site)).rejects.toThrow(
      /The downloaded nvcc==12\.5 is not the expected file/,
    );
    expect(machine.cached).toEqual([]);
  });
});

describe('two set-ups at once', () => {
  test('both succeed and leave one folder', async () => {
    const other = { ...machine.site, tfjsFolder: `${machine.site.tfjsFolder}-other` };
    mkdirSync(path.join(other.tfjsFolder, 'binding'), { recursive: true });
    writeFileSync(path.join(other.tfjsFolder, 'package.json'), '{ "version": "4.22.0" }');
    await Promise.all([setUp(), setUp(), setUp(other)]);
    expect(machine.log.filter((line) => line.startsWith('download'))).toHaveLength(3);
    expect(machine.cached).toEqual([path.basename(nativeFolder(machine.site))]);
    expect([isLinked(machine.site), isLinked(other)]).toEqual([true, true]);
  });
});

describe('a machine that lacks', () => {
  const cases = [
    { what: 'python3', programs: ['python3'], message: /python3: not found.*apt-get.*dnf.*xcode/s },
    {
      what: 'a C++ compiler',
      programs: ['c++'],
      message: /C\+\+ compiler: none.*g\+\+.*gcc-c\+\+/s,
    },
    {
      what: 'everything',
      programs: ['python3', 'c++'],
      message: /- python3: .*- pip: .*- C\+\+ compiler: /s,
    },
  ];
  for (const { what, programs, message } of cases) {
    test(`${what} is reported before the download`, async () => {
      for (const program of programs) machine.removeProgram(program);
      await expect(setUp()).rejects.toMatchObject({
        name: 'UserError',
        message: expect.stringMatching(message),
      });
      expect([machine.log, machine.cached]).toEqual([[], []]);
    });
  }

  test('pip is reported before the download', async () => {
    machine.addProgram('python3', '[ "$*" = --version ] && echo Python 3.11.0');
    await expect(setUp()).rejects.toThrow(/^TensorFlow cannot be set up.*:\n- pip: .*python3-pip/s);
  });

  test('a compiler, with only an offer to install one', async () => {
    machine.addProgram('c++', 'echo "xcode-select: note: install the tools" >&2; exit 1');
    await expect(setUp()).rejects.toThrow(/C\+\+ compiler: none/);
  });

  test('disk space is reported, with both numbers', async () => {
    const distribution = { ...machine.site.distribution, workingMb: 1e12 };
    await expect(setUp({ ...machine.site, distribution })).rejects.toThrow(
      /disk space: \d+ MB free in .*1000000000000 MB.*COUNTERWEIGHT_CACHE/s,
    );
  });

  test('a platform without TensorFlow gets the list of supported ones', async () => {
    await expect(
      setUp({ ...machine.site, platform: 'win32-x64', distribution: undefined }),
    ).rejects.toThrow(
      /not published for win32-x64.*linux-x64, linux-x64-gpu, linux-arm64, darwin-arm64.*WSL/s,
    );
  });
});

describe('a set-up that fails leaves nothing behind', () => {
  afterEach(() => {
    expect(machine.cached).toEqual([]);
    expect(isLinked(machine.site)).toBe(false);
  });

  test('when the wheel is another one', async () => {
    machine.setDownload('/bin/mkdir -p "$to" && echo other > "$to/tensorflow-1.whl"');
    const [{ sha256 } = { sha256: '' }] = machine.site.distribution.wheels;
    await expect(setUp()).rejects.toThrow(new RegExp(`expected .*${sha256}\\n.*got .*6 bytes`));
    expect(machine.log).toHaveLength(1);
  });

  test('when only the hash differs', async () => {
    machine.setDownload(
      '/bin/mkdir -p "$to" && /usr/bin/tr l L < "$wheel" > "$to/tensorflow-1.whl"',
    );
    await expect(setUp()).rejects.toThrow(/is not the expected file/);
  });

  test('when pip cannot download, with what pip said', async () => {
    machine.setDownload('echo "ERROR: no route to the index" >&2; exit 1');
    await expect(setUp()).rejects.toMatchObject({
      message: expect.stringMatching(/could not be downloaded.*no route to the index/s),
      hint: expect.stringContaining('PIP_INDEX_URL'),
    });
  });

  test('when the binding does not compile, with what the compiler said', async () => {
    machine.addProgram(
      'c++',
      'case "$*" in *syntax*) exit 0;; esac; echo "error: no c_api.h"; exit 1',
    );
    await expect(setUp()).rejects.toThrow(/could not be compiled.*no c_api\.h/s);
  });

  test('when the binding does not load', async () => {
    machine.site.env.ADDON = path.join(machine.site.tfjsFolder, 'package.json');
    await expect(setUp()).rejects.toThrow(/does not load/);
  });
});

describe('an interrupted set-up', () => {
  /** Starts one in a process of its own, and waits until its download hangs. */
  async function startHanging() {
    machine.setDownload('echo "downloading $$"; exec /usr/bin/tail -f /dev/null');
    const script =
      'const [module, site] = process.argv.slice(1);' +
      'import(module).then((setup) => setup.ensureTensorFlow({ site: JSON.parse(site) }))';
    const module = fileURLToPath(new URL('../../setup/tensorflow.mjs', import.meta.url));
    const args = ['-e', script, module, JSON.stringify(machine.site)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    for await (const chunk of child.stderr
      .setEncoding('utf8')
      .iterator({ destroyOnReturn: false })) {
      text += chunk;
      const pip = /downloading (\d+)/.exec(text)?.[1];
      if (pip !== undefined) return { child, pip: Number(pip) };
    }
    throw new Error(`set-up ended: ${text}`);
  }

  test('removes its temporary folder and its programs when it is stopped', async () => {
    const { child } = await startHanging();
    expect(machine.cached).toHaveLength(1);
    child.kill('SIGTERM');
    // Standard error closes when the last program that holds it, pip, has ended too.
    const [, signal] = await once(child, 'close');
    expect(signal).toBe('SIGTERM');
    expect(machine.cached).toEqual([]);
  });

  test('leaves nothing that counts as done when it is killed, and a later one cleans up', async () => {
    const { child, pip } = await startHanging();
    child.kill('SIGKILL');
    process.kill(pip);
    await once(child, 'close');
    expect([isCached(machine.site), isLinked(machine.site)]).toEqual([false, false]);
    const [partial = ''] = machine.cached;

    machine.setDownload(workingDownload);
    await setUp();
    expect(machine.cached).toContain(partial); // Young enough to be at work.

    const sevenHoursAgo = new Date(Date.now() - 7 * 3600 * 1000);
    utimesSync(path.join(machine.site.cacheFolder, partial), sevenHoursAgo, sevenHoursAgo);
    rmSync(nativeFolder(machine.site), { recursive: true });
    await setUp();
    expect(machine.cached).toEqual([path.basename(nativeFolder(machine.site))]);
  });
});

test('is what tfjs-node asks for: its binding lies in a folder of Node-API 8', () => {
  const manifest = new URL(
    '../../node_modules/@tensorflow/tfjs-node/package.json',
    import.meta.url,
  );
  const { binary, version } = JSON.parse(readFileSync(manifest, 'utf8'));
  expect([version, Math.max(...binary.napi_versions)]).toEqual(['4.22.0', 8]);
});
