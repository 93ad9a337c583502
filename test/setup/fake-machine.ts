import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Distribution, Wheel } from '../../setup/platforms.mjs';
import type { Site } from '../../setup/tensorflow.mjs';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Whatever the shell's `python3` leads to, since the fake PATH does not hold the shell's. */
const realPython = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).trim();

/** Makes a wheel of files that hold their own names; those in a `bin` folder are programs. */
const MAKE_WHEEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    for name in sys.argv[2:]:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (0o744 if '/bin/' in name else 0o644) << 16
        wheel.writestr(entry, name)
`;

const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map(
  (name) => `tensorflow/${name}`,
);

/** Result of a correct `pip download`. */
export const workingDownload = '/bin/mkdir -p "$to" && /bin/cp "$wheel" "$to"';

/**
 * A machine with a PATH, a cache and packages of its own. Its `pip download` copies a small wheel,
 * and its compiler copies an addon that loads, so set-up runs from end to end in a moment and
 * without a network. The Python that unpacks the wheel is the real one.
 */
export class FakeMachine {
  readonly #root = realpathSync(mkdtempSync(path.join(tmpdir(), 'counterweight-setup-')));
  readonly site: Site & { distribution: Distribution };

  constructor() {
    const bin = path.join(this.#root, 'bin');
    const tfjsFolder = path.join(this.#root, 'node_modules', '@tensorflow', 'tfjs-node');
    const nodeHeadersFolder = path.join(this.#root, 'node_modules', 'node-api-headers');
    const sharpFolder = path.join(this.#root, 'node_modules', 'sharp');
    for (const folder of [bin, path.join(tfjsFolder, 'binding'), nodeHeadersFolder, sharpFolder]) {
      mkdirSync(folder, { recursive: true });
    }
    writeFileSync(path.join(sharpFolder, 'index.js'), 'throw new Error("no libvips")');
    writeFileSync(path.join(tfjsFolder, 'package.json'), '{ "version": "4.22.0" }');
    writeFileSync(path.join(tfjsFolder, 'index.js'), 'throw new Error("no binding")');
    writeFileSync(path.join(tfjsFolder, 'binding', 'binding.cc'), '');
    writeFileSync(path.join(nodeHeadersFolder, 'package.json'), '{}');
    const env = { PATH: bin, WHEELS: this.#wheels, ADDON: loadableAddon(), LOG: this.#logFile };
    this.site = {
      platform: 'linux-x64',
      distribution: {
        wheels: [this.#tensorflow('tensorflow-cpu')],
        strip: true,
        workingMb: 1,
        installedMb: 1,
      },
      cacheFolder: path.join(this.#root, 'cache'),
      tfjsFolder,
      nodeHeadersFolder,
      env,
    };
    this.#tensorflow('tensorflow'); // Its name on other platforms.
    this.#addWorkingPrograms();
  }

  get #wheels() {
    return path.join(this.#root, 'wheels');
  }

  /** A wheel laid out like TensorFlow's, with one unneeded file. */
  #tensorflow(name: string): Wheel {
    const header = 'tensorflow/include/tensorflow/c/c_api.h';
    const content = [...libraries, header, 'tensorflow/python/huge.so'];
    return this.makeWheel({ package: name, version: '2.21.0', files: libraries }, content);
  }

  /** Makes a wheel that `pip download` finds. */
  makeWheel(
    wheel: Pick<Wheel, 'package' | 'version' | 'files' | 'links'>,
    content: string[],
  ): Wheel {
    mkdirSync(this.#wheels, { recursive: true });
    const file = path.join(this.#wheels, `${wheel.package}==${wheel.version}`);
    execFileSync(realPython, ['-c', MAKE_WHEEL, file, ...content]);
    return {
      ...wheel,
      platformTag: 'any',
      sizeBytes: statSync(file).size,
      sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
    };
  }

  #addWorkingPrograms() {
    this.setDownload(workingDownload);
    this.addProgram(
      'c++',
      `case "$*" in *-fsyntax-only*) exit 0;; esac
echo "compile $*" >> "$LOG"
while [ "$1" != -o ]; do shift; done
/bin/cp "$ADDON" "$2"`,
    );
    this.addProgram('strip', '[ "$*" = --version ] || echo "strip $*" >> "$LOG"');
  }

  /**
   * A pip whose download is the shell command `command`, which finds the folder in `$to` and the
   * wheel in `$wheel`.
   */
  setDownload(command: string) {
    this.addProgram(
      'python3',
      `case "$*" in
--version) echo Python 3.11.0;;
'-m pip --version') echo pip 24.0 from here;;
'-m pip download'*)
  echo "download $*" >> "$LOG"
  while [ "$1" != --dest ]; do shift; done
  to=$2
  wheel="$WHEELS/$3"
  ${command};;
*) exec '${realPython}' "$@";;
esac`,
    );
  }

  addProgram(name: string, script: string) {
    const file = path.join(this.#root, 'bin', name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  removeProgram(name: string) {
    rmSync(path.join(this.#root, 'bin', name));
  }

  get #logFile() {
    return path.join(this.#root, 'log');
  }

  /** Commands of pip, the compiler and strip so far, one per line. */
  get log(): string[] {
    if (!existsSync(this.#logFile)) return [];
    return readFileSync(this.#logFile, 'utf8').trim().split('\n');
  }

  /** Everything in the cache, temporary folders too. */
  get cached(): string[] {
    return existsSync(this.site.cacheFolder) ? readdirSync(this.site.cacheFolder) : [];
  }

  /**
   * Installs this package's set-up on the machine, as npm would.
   *
   * @returns the installed `setup/` folder.
   */
  installSetup(): string {
    const folder = path.join(this.#root, 'setup');
    cpSync(path.join(repository, 'setup'), folder, { recursive: true });
    cpSync(path.join(repository, 'package.json'), path.join(this.#root, 'package.json'));
    return folder;
  }

  remove() {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Any addon that loads by itself stands in for tfjs-node's binding: here one of knip. */
function loadableAddon(): string {
  const scope = path.join(repository, 'node_modules', '@oxc-resolver');
  const files = readdirSync(scope, { recursive: true, encoding: 'utf8' });
  const addon = files.find((name) => name.endsWith('.node'));
  if (addon === undefined) throw new Error(`no addon in ${scope}`);
  return path.join(scope, addon);
}
