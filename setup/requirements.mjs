// The requirements of the native part, and the commands that install them.
import { existsSync } from 'node:fs';
import { access, constants, statfs } from 'node:fs/promises';
import path from 'node:path';
import { DISTRIBUTIONS } from './platforms.mjs';
import { run } from './run.mjs';

/**
 * Result of one check, for set-up and for `counterweight doctor`.
 *
 * @typedef {object} Check
 * @property {string} name
 * @property {boolean} ok
 * @property {string} detail The finding.
 * @property {string} [fix] The command to run if it is not ok.
 */

/**
 * Checks everything that must exist before the download starts, so that one message reports all
 * that is missing.
 *
 * @param {import('./tensorflow.mjs').Site} site
 * @returns {Promise<Check[]>}
 */
export async function requirements(site) {
  const [python, pip, compiler, disk] = await Promise.all([
    pythonCheck(site.env),
    pipCheck(site.env),
    compilerCheck(site.env),
    diskCheck(site),
  ]);
  return [platformCheck(site), python, pip, compiler, disk];
}

/** Renders the failed checks, each as lines to print. @param {Check[]} checks */
export function failed(checks) {
  return checks
    .filter((check) => !check.ok)
    .map(({ name, detail, fix }) => `- ${name}: ${detail}${fix ? `\n${indent(fix)}` : ''}`);
}

/** @param {string} text */
function indent(text) {
  return text.replace(/^/gm, '    ');
}

/** @param {string} debian @param {string} fedora @param {string} macos */
function install(debian, fedora, macos) {
  return [
    `Debian, Ubuntu: sudo apt-get install -y ${debian}`,
    `Fedora:         sudo dnf install -y ${fedora}`,
    `macOS:          ${macos}`,
  ].join('\n');
}

/** @param {import('./tensorflow.mjs').Site} site @returns {Check} */
function platformCheck({ platform, distribution }) {
  const name = 'platform';
  if (distribution === undefined) {
    const known = Object.keys(DISTRIBUTIONS).join(', ');
    return {
      name,
      ok: false,
      detail: `TensorFlow is not published for ${platform}`,
      fix: `Use one of: ${known}. On Windows, use WSL 2.`,
    };
  }
  if (platform.startsWith('linux') && !usesGlibc()) {
    return {
      name,
      ok: false,
      detail: `${platform} without glibc: TensorFlow is not published for musl (Alpine)`,
      fix: 'Use a Debian, Ubuntu or Fedora system or image, such as node:24-bookworm.',
    };
  }
  return { name, ok: true, detail: platform };
}

function usesGlibc() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
    process.report.getReport()
  );
  return report.header.glibcVersionRuntime !== undefined;
}

/** @param {NodeJS.ProcessEnv} env @returns {Promise<Check>} */
async function pythonCheck(env) {
  const name = 'python3';
  try {
    const version = await run('python3', ['--version'], { env });
    return { name, ok: true, detail: version.trim() };
  } catch {
    return {
      name,
      ok: false,
      detail: 'not found (it downloads and unpacks TensorFlow)',
      fix: install('python3 python3-pip', 'python3 python3-pip', 'xcode-select --install'),
    };
  }
}

/** @param {NodeJS.ProcessEnv} env @returns {Promise<Check>} */
async function pipCheck(env) {
  const name = 'pip';
  try {
    const version = await run('python3', ['-m', 'pip', '--version'], { env });
    return { name, ok: true, detail: version.trim().split(' ').slice(0, 2).join(' ') };
  } catch {
    return {
      name,
      ok: false,
      detail: '`python3 -m pip` does not run (it downloads TensorFlow)',
      fix: install('python3-pip', 'python3-pip', 'python3 -m ensurepip'),
    };
  }
}

/** @param {NodeJS.ProcessEnv} env @returns {Promise<Check>} */
async function compilerCheck(env) {
  const name = 'C++ compiler';
  const compiler = await findCompiler(env);
  if (compiler !== undefined) return { name, ok: true, detail: compiler.join(' ') };
  const tried = candidates(env).join(', ');
  return {
    name,
    ok: false,
    detail: `none that compiles C++17 (tried ${tried}; it compiles tfjs-node's binding)`,
    fix: install('g++', 'gcc-c++', 'xcode-select --install'),
  };
}

/** @param {NodeJS.ProcessEnv} env */
function candidates(env) {
  return env.CXX ? [env.CXX] : ['c++', 'g++', 'clang++'];
}

/**
 * Finds a compiler that works: macOS has a `c++` that only offers to install a compiler.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string[] | undefined>} The program and its first arguments.
 */
export async function findCompiler(env) {
  for (const candidate of candidates(env)) {
    const [program, ...args] = candidate.trim().split(/\s+/);
    if (!program) continue;
    try {
      const input = '#include <memory>\nstd::unique_ptr<int> one;\n';
      await run(program, [...args, '-std=c++17', '-fsyntax-only', '-x', 'c++', '-'], {
        env,
        input,
      });
      return [program, ...args];
    } catch {}
  }
  return undefined;
}

/** @param {import('./tensorflow.mjs').Site} site @returns {Promise<Check>} */
async function diskCheck({ cacheFolder, distribution }) {
  const name = 'disk space';
  const fix = 'Make room, or set COUNTERWEIGHT_CACHE to a folder on a larger disk.';
  const neededMb = distribution?.workingMb ?? 0;
  const folder = nearestExisting(cacheFolder);
  try {
    await access(folder, constants.W_OK);
  } catch {
    const detail = `${folder} cannot be written to`;
    return { name, ok: false, detail, fix: 'Set COUNTERWEIGHT_CACHE to a folder of your own.' };
  }
  const { bavail, bsize } = await statfs(folder);
  const freeMb = Math.floor((bavail * bsize) / 1e6);
  const detail = `${freeMb} MB free in ${folder}`;
  if (freeMb >= neededMb) return { name, ok: true, detail };
  return { name, ok: false, detail: `${detail}, and set-up works with ${neededMb} MB`, fix };
}

/** Returns the folder, or its nearest parent that exists. @param {string} folder */
function nearestExisting(folder) {
  let nearest = folder;
  while (!existsSync(nearest)) nearest = path.dirname(nearest);
  return nearest;
}
