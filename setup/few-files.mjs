// A root folder with few files for a process: the files of the system, of this package and of Node.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { isInside, neededFiles } from './needed-files.mjs';

/**
 * Files that a process sees besides those of the system, of Node and of the package.
 *
 * @typedef {object} Sight
 * @property {string} script JavaScript file that the process runs. The process sees its package.
 * @property {string} folder Empty folder for this process. Its root folder is made there.
 * @property {Readonly<Record<string, string>>} [folders] Other folders, by the path at which the
 *   process sees them.
 */

const DEVICES = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'];

/**
 * Returns a program and arguments that start the program after them with few files, and without
 * privileges. They need those of a namespace of users, and a namespace of mounts.
 *
 * @param {Sight} sight
 */
export function withFewFiles(sight) {
  const { folder } = sight;
  const root = path.join(folder, 'root');
  const table = path.join(folder, 'mounts');
  const points = mountPoints();
  const mounts = mountsOf(sight, points);
  makeTargets(root, mounts);
  writeFileSync(table, mountTable(root, mounts, points));
  return ['sh', '-c', ENTER, 'sh', root, table];
}

/**
 * Removes the folder of a process that has ended. A file system may refuse that, such as NFS while
 * a file is open: the folder takes room, and disturbs nothing.
 *
 * @param {string} folder
 */
export function discard(folder) {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // What is left is in a folder for temporary files.
  }
}

/**
 * Mounts the files, makes their root folder that of the process, and drops all privileges. The
 * arguments are the root folder and the table of mounts, then those of the program.
 */
const ENTER = `set -e
  PATH="$PATH:/usr/sbin:/sbin"
  # A namespace of users inside this one would have privileges.
  echo 0 2>/dev/null >/proc/sys/user/max_user_namespaces || :
  mount --all --fstab "$2"
  cd "$1"
  shift 2
  pivot_root . before
  cd /
  umount --lazy before
  unset TEMP TMP
  set -- setpriv --no-new-privs --bounding-set -all --inh-caps -all --ambient-caps -all -- "$@"
  TMPDIR=/scratch exec "$@"`;

/**
 * A file or folder and the path at which the process sees it.
 *
 * @typedef {object} Mount
 * @property {string} from
 * @property {string} at
 * @property {string} options Of `mount`.
 */

/** @param {Sight} sight @param {readonly MountPoint[]} points @returns {Mount[]} */
function mountsOf({ script, folders = {} }, points) {
  const seen = neededFiles(script);
  // `ro` holds for the outermost mount only.
  const inside = points.filter(({ at }) =>
    seen.some((folder) => at !== folder && isInside(at, folder)),
  );
  const same = [...seen, ...inside.map(({ at }) => at)].filter((at) => existsSync(at));
  return [
    ...same.map((at) => ({ from: at, at, options: `rbind,ro,nosuid,nodev${noexec(at, points)}` })),
    ...DEVICES.map((at) => ({ from: at, at, options: 'bind,ro,nosuid,noexec' })),
    ...Object.entries(folders).map(([at, from]) => {
      return { from, at, options: 'bind,ro,nosuid,nodev,noexec' };
    }),
  ];
}

/**
 * Makes the files and folders on which others are mounted.
 *
 * @param {string} root
 * @param {readonly Mount[]} mounts
 */
function makeTargets(root, mounts) {
  const own = ['before', 'proc', 'scratch'];
  for (const at of own) mkdirSync(path.join(root, at), { recursive: true });
  for (const { from, at } of mounts) {
    const target = path.join(root, at);
    const isFolder = statSync(from).isDirectory();
    mkdirSync(isFolder ? target : path.dirname(target), { recursive: true });
    if (!isFolder) writeFileSync(target, '');
  }
}

/**
 * Returns a table in the format of fstab(5). All that the process writes is in `/scratch`, in
 * memory: below `/tmp` may be the package.
 *
 * @param {string} root
 * @param {readonly Mount[]} mounts
 * @param {readonly MountPoint[]} points
 */
function mountTable(root, mounts, points) {
  return [
    [root, root, 'none', `bind,ro,nosuid,nodev${noexec(root, points)}`],
    ['tmpfs', `${root}/scratch`, 'tmpfs', 'mode=0700,size=64m,nosuid,nodev'],
    ['proc', `${root}/proc`, 'proc', 'ro,nosuid,nodev,noexec'],
    ...mounts.map(({ from, at, options }) => [from, root + at, 'none', options]),
  ]
    .map((fields) => `${fields.map(escaped).join(' ')} 0 0\n`)
    .join('');
}

/** @param {string} field */
function escaped(field) {
  const code = (/** @type {string} */ one) => one.charCodeAt(0).toString(8).padStart(3, '0');
  return field.replace(/[ \t\n\\]/g, (one) => `\\${code(one)}`);
}

/** @typedef {{ readonly at: string, readonly options: string }} MountPoint */

/** @returns {MountPoint[]} */
function mountPoints() {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [, , , , at = '', options = ''] = line.split(' ');
    const code = (/** @type {string} */ digits) => String.fromCharCode(parseInt(digits, 8));
    return { at: at.replace(/\\(\d{3})/g, (_, digits) => code(digits)), options };
  });
}

/**
 * Returns the option `noexec` if a path has it: the kernel refuses to lift it.
 *
 * @param {string} at
 * @param {readonly MountPoint[]} points
 */
function noexec(at, points) {
  const file = realpathSync(at);
  const around = points.filter((point) => isInside(file, point.at));
  const longest = Math.max(...around.map((point) => point.at.length));
  const last = around.findLast((point) => point.at.length === longest);
  return last?.options.split(',').includes('noexec') ? ',noexec' : '';
}
