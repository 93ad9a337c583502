// The checks of `counterweight doctor`.
import { existsSync, lstatSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bindingLink } from './binding-link.mjs';
import { discard, withFewFiles } from './few-files.mjs';
import { findIsolation } from './isolation.mjs';
import { nodeVersionCheck } from './node-version.mjs';
import { outdatedPackages } from './packages.mjs';
import { requirements } from './requirements.mjs';
import { run } from './run.mjs';
import { isCached, isLinked, nativeFolder, sizes, thisSite } from './tensorflow.mjs';

/** @typedef {import('./requirements.mjs').Check} Check */

const root = fileURLToPath(new URL('..', import.meta.url));
const SETUP = `node ${path.relative(process.cwd(), path.join(root, 'setup', 'setup.mjs'))}`;
const REINSTALL = 'npm ci --ignore-scripts';
const ONE_FOLDER =
  'Install counterweight with npm, so that its packages are files in a folder node_modules around it.';

/**
 * Runs all checks, in reading order. A failure is a check that is not ok, with the command that
 * fixes it; none throws.
 *
 * @returns {Promise<Check[]>}
 */
export async function checks() {
  const packages = packagesCheck();
  const found = [nodeVersionCheck(), packages];
  if (!packages.ok) return found; // Nothing below can be looked at.
  const site = thisSite();
  const [needed, ...loaded] = await Promise.all([
    requirements(site),
    loadCheck(tensorFlow, remakeCommand(site)),
    loadCheck(sharp, REINSTALL),
    loadCheck(onnxruntime, REINSTALL),
  ]);
  const files = filesCheck(site);
  const working = loaded.filter(({ ok }) => ok).map(({ name }) => name);
  found.push(...(files.ok ? needed.map(asOptional) : needed), files, ...loaded);
  found.push(
    await modelsCheck([tensorFlow, onnxruntime].filter(({ name }) => working.includes(name))),
  );
  return found;
}

/**
 * Checks how models run. Models also run if the system does not isolate them.
 *
 * @param {readonly Library[]} libraries Libraries that load where nothing is hidden.
 * @returns {Promise<Check>}
 */
async function modelsCheck(libraries) {
  const { command, hidesFiles, description } = findIsolation();
  const isolation = description === 'none' ? 'this system does not isolate it' : description;
  const detail = `a process without credentials; ${isolation}`;
  const name = 'models of users';
  if (!hidesFiles) return { name, ok: true, detail };
  for (const library of libraries) {
    const folder = mkdtempSync(path.join(tmpdir(), 'counterweight-'));
    try {
      const files = withFewFiles({ script: fileURLToPath(import.meta.url), folder });
      await load(library, [...command, ...files]);
    } catch (error) {
      const reason = reasonOf(error);
      return {
        name,
        ok: false,
        detail: `${library.name} does not load there: ${reason}`,
        fix: ONE_FOLDER,
      };
    } finally {
      discard(folder);
    }
  }
  return { name, ok: true, detail };
}

/** A checkout has a lock file to compare with; an installed package does not. @returns {Check} */
function packagesCheck() {
  const name = 'packages';
  try {
    const isCheckout = existsSync(path.join(root, 'package-lock.json'));
    const outdated = isCheckout ? outdatedPackages(root) : [];
    if (outdated.length > 0) {
      const some = outdated.slice(0, 3).map((folder) => folder.replace('node_modules/', ''));
      const detail = `${outdated.length} missing or outdated: ${some.join(', ')}`;
      return { name, ok: false, detail, fix: REINSTALL };
    }
    thisSite(); // Throws when a package is not there.
    return { name, ok: true, detail: isCheckout ? 'as in package-lock.json' : 'installed' };
  } catch (error) {
    return { name, ok: false, detail: /** @type {Error} */ (error).message, fix: REINSTALL };
  }
}

/**
 * Passes a check that only matters before set-up.
 *
 * @param {Check} check
 * @returns {Check}
 */
function asOptional({ name, ok, detail }) {
  return { name, ok: true, detail: ok ? detail : `${detail}; only a new set-up needs it` };
}

/** @param {import('./tensorflow.mjs').Site} site @returns {Check} */
function filesCheck(site) {
  const name = 'TensorFlow files';
  if (isLinked(site)) {
    const folder = realpathSync(bindingLink(site.tfjsFolder));
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const bytes = files.map((file) => lstatSync(path.join(folder, file)).size);
    const mb = Math.round(bytes.reduce((sum, size) => sum + size, 0) / 1e6);
    return { name, ok: true, detail: `${mb} MB in ${folder}` };
  }
  const detail = isCached(site)
    ? `in ${nativeFolder(site)}, but tfjs-node is not linked to them`
    : `not in ${site.cacheFolder}`;
  const { distribution } = site;
  const cost = distribution && !isCached(site) ? ` (${sizes(distribution)})` : '';
  const fix = `${SETUP}\n\`counterweight run\` does the same when it needs TensorFlow${cost}.`;
  return { name, ok: false, detail, fix };
}

/** Replaces files that exist but do not load. @param {import('./tensorflow.mjs').Site} site */
function remakeCommand(site) {
  if (!isLinked(site)) return SETUP;
  return `rm -rf '${realpathSync(bindingLink(site.tfjsFolder))}' && ${SETUP}`;
}

/**
 * A package with native code, and a script that uses it. The script finds the package's file in
 * `process.argv[1]`, and prints what it found.
 *
 * @typedef {{ name: string, packageName: string, script: string }} Library
 */

/** @param {Library} library @param {string} fix @returns {Promise<Check>} */
async function loadCheck(library, fix) {
  const { name } = library;
  try {
    return { name, ok: true, detail: await load(library) };
  } catch (error) {
    return { name, ok: false, detail: reasonOf(error), fix };
  }
}

/**
 * Uses a library in a separate process, which a native library that cannot run here may end.
 *
 * @param {Library} library
 * @param {readonly string[]} [before] Program and arguments before those of Node.
 */
async function load({ packageName, script }, before = []) {
  const file = createRequire(import.meta.url).resolve(packageName);
  const quiet = { TF_CPP_MIN_LOG_LEVEL: '3', ORT_DISABLE_TELEMETRY: '1' };
  // The process of a model has no options of the user's Node, which may name files.
  const env = { ...process.env, ...quiet, ...(before.length > 0 && { NODE_OPTIONS: '' }) };
  const [program = '', ...rest] = [...before, process.execPath, '-e', script, file];
  return (await run(program, rest, { env })).trim();
}

/** @param {unknown} error */
function reasonOf(error) {
  const lines = /** @type {Error} */ (error).message.split('\n');
  return (lines.find((line) => /Error: /.test(line)) ?? lines[0] ?? '').trim();
}

const tensorFlow = {
  name: 'TensorFlow',
  packageName: '@tensorflow/tfjs-node',
  script: `
  const util = require('node:util');
  util.isNullOrUndefined ??= (value) => value == null;
  util.isArray ??= Array.isArray;
  const tf = require(process.argv[1]);
  const product = tf.matMul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).arraySync().flat().join();
  if (product !== '19,22,43,50') throw new Error('a matrix product came out as ' + product);
  console.log(tf.backend().binding.TF_Version + ' loads, and multiplies two matrices right');
`,
};

const sharp = {
  name: 'sharp',
  packageName: 'sharp',
  script: `
  const sharp = require(process.argv[1]);
  const pixels = Buffer.from([255, 0, 0, 0, 0, 255]);
  const raw = { width: 2, height: 1, channels: 3 };
  (async () => {
    const png = await sharp(pixels, { raw }).png().toBuffer();
    if (!(await sharp(png).raw().toBuffer()).equals(pixels)) {
      throw new Error('an image came out different');
    }
    console.log(sharp.versions.sharp + ' loads, and reads the image that it wrote');
  })();
`,
};

/** The model is one Identity node from `x` to `y`, each one float (opset 13). */
const onnxruntime = {
  name: 'onnxruntime',
  packageName: 'onnxruntime-node',
  script: `
  const { InferenceSession, Tensor } = require(process.argv[1]);
  const model = Buffer.from('CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCAhAN', 'base64');
  (async () => {
    const session = await InferenceSession.create(model);
    const { y } = await session.run({ x: new Tensor('float32', [2.5], [1]) });
    if (y.data[0] !== 2.5) throw new Error('a model came out as ' + y.data[0]);
    console.log('loads, and runs a model');
  })();
`,
};
