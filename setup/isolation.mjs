// How far the system isolates the process of a user's model.
import { spawnSync } from 'node:child_process';

/**
 * Isolation of a process by the system, besides its environment.
 *
 * @typedef {object} Isolation
 * @property {readonly string[]} command Program and arguments before those of the process.
 * @property {string} description Things that the process has not, such as `no network`; or `none`.
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
      ...[...withoutNetwork, '--keep-caps', '--', ...endWithParent],
      ...['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
      ...['setpriv', '--ambient-caps', '-all', '--inh-caps', '-all', '--'],
    ],
    description: 'no network, and no sight of other processes',
  },
  { command: [...withoutNetwork, '--', ...endWithParent], description: 'no network' },
  { command: endWithParent, description: 'none' },
  { command: [], description: 'none' },
];

/** @type {Isolation | undefined} */
let found;

/**
 * Finds out, once per process, how far this system isolates the process of a model.
 *
 * @returns {Isolation}
 */
export function findIsolation() {
  found ??= isolations.find(works) ?? { command: [], description: 'none' };
  return found;
}

/** @param {Isolation} isolation */
function works({ command: [program, ...rest] }) {
  if (program === undefined) return true;
  if (process.platform !== 'linux') return false;
  const { status } = spawnSync(program, [...rest, 'true'], { stdio: 'ignore', timeout: 10_000 });
  return status === 0;
}
