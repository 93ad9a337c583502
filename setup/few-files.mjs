// A root folder with few files for a process: the files of the system, of this package and of Node.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { bindingLink } from './binding-link.mjs';

/**
 * Files that a process sees besides those of the system, of Node and of the package.
 *
 * @typedef {object} Sight
 * @property {string} script JavaScript file that the process runs. The process sees its package.
 * @property {string} folder Empty folder for this process. Its root folder is made there.
 * @property {Readonly<Record<string, string>>} [folders] Other folders, by the path at which the
 *   process sees them.
 */

/** Folders and files of the system, some of which exist on each machine. */
const SYSTEM = [
  ...['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/gnu/store'],
  ...['/etc/ld.so.cache', '/etc/alternatives', '/etc/localtime'],
  // Libraries choose their threads and kernels by these.
  ...['/sys/devices/system/cpu', '/sys/devices/system/node'],
];
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
  const mounts = mountsOf(sight);
  makeTargets(root, mounts);
  writeFileSync(table, mountTable(root, mounts));
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

/** @param {Sight} sight @returns {Mount[]} */
function mountsOf({ script, folders = {} }) {
  const points = mountPoints();
  const seen = outermost([...SYSTEM, ...programFiles(), ...packageFiles(script)]);
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
 */
function mountTable(root, mounts) {
  return [
    [root, root, 'none', `bind,ro,nosuid,nodev${noexec(root, mountPoints())}`],
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

/** Lists the program and the libraries of this process: Node may lie in the home folder. */
function programFiles() {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  const mapped = [...maps.matchAll(/^\S+ r-xp .*? (\/.*)$/gm)].map(([, file]) => file ?? '');
  const libraries = (process.env.LD_LIBRARY_PATH ?? '').split(':');
  return [
    ...[process.execPath, ...mapped, ...linkedLibraries()],
    ...libraries.filter((folder) => path.isAbsolute(folder) && !hasHome(folder)),
  ];
}

/** @type {string[] | undefined} */
let linked;

/**
 * Lists the libraries of Node outside the system's folders by the names that the dynamic linker
 * looks for: the Node of conda-forge or Homebrew has them behind symbolic links, and `maps` has
 * the files only.
 */
function linkedLibraries() {
  if (SYSTEM.some((folder) => isInside(process.execPath, folder))) return [];
  if (linked) return linked;
  // Makes the dynamic linker of glibc list the libraries and not start the program: see ld.so(8).
  const env = { ...process.env, LD_TRACE_LOADED_OBJECTS: '1' };
  const { stdout } = spawnSync(process.execPath, ['--version'], { env, encoding: 'utf8' });
  const names = [...(stdout ?? '').matchAll(/^\t(?:.* => )?(\/.*) \(0x/gm)];
  linked = names.map(([, file]) => path.resolve(file ?? ''));
  return linked;
}

/** @param {string} folder */
function hasHome(folder) {
  return isInside(process.env.HOME ?? '/', path.resolve(folder));
}

/**
 * Lists the files of the package that a script belongs to, and the packages that it may import. A
 * checkout also has files of its user, so that not the whole folder is listed. A function on AWS
 * is not a package: it has its files in one folder.
 *
 * @param {string} script
 */
function packageFiles(script) {
  /** @type {string[]} */
  const found = [];
  let root;
  for (let folder = path.dirname(script); ; folder = path.dirname(folder)) {
    if (!root && existsSync(path.join(folder, 'package.json'))) {
      root = folder;
      const [first = ''] = path.relative(folder, script).split(path.sep);
      found.push(...['package.json', 'setup', first].map((name) => path.join(folder, name)));
    }
    const packages = path.join(folder, 'node_modules');
    if (existsSync(packages)) found.push(packages, ...tensorFlowFiles(packages));
    if (path.dirname(folder) === folder) return root ? found : [path.dirname(script), ...found];
  }
}

/** @param {string} packages */
function tensorFlowFiles(packages) {
  const link = bindingLink(path.join(packages, '@tensorflow', 'tfjs-node'));
  if (!existsSync(link)) return [];
  // A process looks for the path that the link has, on which may be links that it does not see.
  return [realpathSync(link), path.resolve(path.dirname(link), readlinkOr(link))];
}

/** @param {string} file */
function readlinkOr(file) {
  try {
    return readlinkSync(file);
  } catch {
    return file; // A folder, as tfjs-node's own install script makes it.
  }
}

/** @param {string[]} paths */
function outermost(paths) {
  const all = [...new Set(paths)].filter((one) => existsSync(one));
  return all.filter((one) => !all.some((other) => other !== one && isInside(one, other)));
}

/** @param {string} file @param {string} folder */
function isInside(file, folder) {
  return file === folder || file.startsWith(folder === '/' ? folder : `${folder}/`);
}

/** @typedef {{ readonly at: string, readonly options: string }} MountPoint */

/** @returns {MountPoint[]} */
function mountPoints() {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [, , , , at = '', options = ''] = line.split(' ');
    const path = at.replace(/\\(\d{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)));
    return { at: path, options };
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
