// How far the system isolates the process of a user's model.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { discard, withFewFiles } from './few-files.mjs';

/**
 * Isolation of a process by the system, besides its environment.
 *
 * @typedef {object} Isolation
 * @property {readonly string[]} command Program and arguments before those of the process.
 * @property {boolean} hidesFiles Whether the arguments of `withFewFiles` go between these and those
 *   of the process. Otherwise the process sees all files of the user.
 * @property {string} description Things that the process lacks, such as `no network`; or `none`.
 */

/** Ends the process with its parent, also if a model never returns to JavaScript. */
const endWithParent = ['setpriv', '--pdeathsig', 'KILL', '--'];

/** Namespaces of Linux, which need no privileges where the kernel allows them to users. */
const withoutNetwork = ['unshare', '--user', '--map-current-user', '--net'];

/**
 * The best first. The second `unshare` needs the privileges of the first; the last `setpriv` drops
 * them.
 *
 * @type {readonly Isolation[]}
 */
const isolations = [
  {
    command: [
      ...endWithParent,
      ...['unshare', '--user', '--map-root-user', '--net', '--ipc', '--mount'],
      ...['--pid', '--fork', '--kill-child', '--'],
    ],
    hidesFiles: true,
    description: 'no network, no sight of other processes, and no files but those of the model',
  },
  {
    command: [
      ...[...withoutNetwork, '--keep-caps', '--', ...endWithParent],
      ...['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
      ...['setpriv', '--ambient-caps', '-all', '--inh-caps', '-all', '--'],
    ],
    hidesFiles: false,
    description: 'no network, and no sight of other processes; files are not isolated',
  },
  {
    command: [...withoutNetwork, '--', ...endWithParent],
    hidesFiles: false,
    description: 'no network; files and other processes are not isolated',
  },
  { command: endWithParent, hidesFiles: false, description: 'none' },
];

/** @type {Isolation} */
const noIsolation = { command: [], hidesFiles: false, description: 'none' };

/** @type {Isolation | undefined} */
let found;

/**
 * Finds out, once per process, how far this system isolates the process of a model.
 *
 * @returns {Isolation}
 */
export function findIsolation() {
  found ??= (process.platform === 'linux' && isolations.find(works)) || noIsolation;
  return found;
}

/**
 * Script for `sh`: tests that Node starts, a file is not there, `/usr` cannot be written, and all
 * other files are there.
 */
const probe = `"$1" --version && [ ! -e "$2" ] && [ ! -w /usr ] || exit 1
  shift 2
  for file; do [ -e "$file" ] || exit 1; done`;

/** Lists files of the packages that run models: some package managers keep them elsewhere. */
function modelLibraries() {
  const { resolve } = createRequire(import.meta.url);
  return ['@tensorflow/tfjs-node', 'onnxruntime-node'].flatMap((name) => {
    try {
      return [resolve(`${name}/package.json`)];
    } catch {
      return []; // It is not installed: its import reports that.
    }
  });
}

/** Starts a program under an isolation. @param {Isolation} isolation */
function works({ command, hidesFiles }) {
  // The devices of a GPU are not among the files.
  if (hidesFiles && process.env.COUNTERWEIGHT_GPU === '1') return false;
  if (!hidesFiles) return succeeds([...command, 'true']);
  const folder = mkdtempSync(path.join(tmpdir(), 'counterweight-'));
  try {
    const hidden = path.join(folder, 'hidden');
    writeFileSync(hidden, '');
    const few = withFewFiles({ script: fileURLToPath(import.meta.url), folder });
    const files = [process.execPath, hidden, ...modelLibraries()];
    return succeeds([...command, ...few, 'sh', '-c', probe, 'sh', ...files]);
  } catch {
    return false; // Such as a system without /proc.
  } finally {
    discard(folder);
  }
}

/** @param {readonly string[]} command */
function succeeds([program = '', ...rest]) {
  return spawnSync(program, rest, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}
