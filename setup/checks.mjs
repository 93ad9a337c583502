// The checks of `counterweight doctor`.
import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findIsolation } from './isolation.mjs';
import { nodeVersionCheck } from './node-version.mjs';
import { outdatedPackages } from './packages.mjs';
import { requirements } from './requirements.mjs';
import { run } from './run.mjs';
import { bindingLink, isCached, isLinked, nativeFolder, sizes, thisSite } from './tensorflow.mjs';

/** @typedef {import('./requirements.mjs').Check} Check */

const root = fileURLToPath(new URL('..', import.meta.url));
const SETUP = `node ${path.relative(process.cwd(), path.join(root, 'setup', 'setup.mjs'))}`;
const REINSTALL = 'npm ci --ignore-scripts';

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
    loadCheck('TensorFlow', '@tensorflow/tfjs-node', TENSORFLOW_SCRIPT, remakeCommand(site)),
    loadCheck('sharp', 'sharp', SHARP_SCRIPT, REINSTALL),
    loadCheck('onnxruntime', 'onnxruntime-node', ONNXRUNTIME_SCRIPT, REINSTALL),
  ]);
  const files = filesCheck(site);
  found.push(...(files.ok ? needed.map(asOptional) : needed), files, ...loaded, modelsCheck());
  return found;
}

/** Models run without isolation, too, so that this never fails. @returns {Check} */
function modelsCheck() {
  const { description } = findIsolation();
  const isolation = description === 'none' ? 'this system does not isolate it' : description;
  return {
    name: 'models of users',
    ok: true,
    detail: `a process without credentials; ${isolation}`,
  };
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
    const folder = realpathSync(bindingLink(site));
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
  return `rm -rf '${realpathSync(bindingLink(site))}' && ${SETUP}`;
}

/**
 * Uses the package in a separate process, which a native library that cannot run here may end.
 *
 * @param {string} name
 * @param {string} packageName
 * @param {string} script Finds the package's file in `process.argv[1]`, and prints what it found.
 * @param {string} fix
 * @returns {Promise<Check>}
 */
async function loadCheck(name, packageName, script, fix) {
  try {
    const file = createRequire(import.meta.url).resolve(packageName);
    const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', ORT_DISABLE_TELEMETRY: '1' };
    const detail = await run(process.execPath, ['-e', script, file], { env });
    return { name, ok: true, detail: detail.trim() };
  } catch (error) {
    const lines = /** @type {Error} */ (error).message.split('\n');
    const reason = lines.find((line) => /Error: /.test(line)) ?? lines[0] ?? '';
    return { name, ok: false, detail: reason.trim(), fix };
  }
}

const TENSORFLOW_SCRIPT = `
  const util = require('node:util');
  util.isNullOrUndefined ??= (value) => value == null;
  util.isArray ??= Array.isArray;
  const tf = require(process.argv[1]);
  const product = tf.matMul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).arraySync().flat().join();
  if (product !== '19,22,43,50') throw new Error('a matrix product came out as ' + product);
  console.log(tf.backend().binding.TF_Version + ' loads, and multiplies two matrices right');
`;

const SHARP_SCRIPT = `
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
`;

/** The model is one Identity node from `x` to `y`, each one float (opset 13). */
const ONNXRUNTIME_SCRIPT = `
  const { InferenceSession, Tensor } = require(process.argv[1]);
  const model = Buffer.from('CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCAhAN', 'base64');
  (async () => {
    const session = await InferenceSession.create(model);
    const { y } = await session.run({ x: new Tensor('float32', [2.5], [1]) });
    if (y.data[0] !== 2.5) throw new Error('a model came out as ' + y.data[0]);
    console.log('loads, and runs a model');
  })();
`;
