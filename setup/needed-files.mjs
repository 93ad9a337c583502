// The files that Node and a script of this package need: of the system, of Node and of packages.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { bindingLink } from './binding-link.mjs';

/** Folders and files of the system, some of which exist on each machine. */
const SYSTEM = [
  ...['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/gnu/store'],
  ...['/etc/ld.so.cache', '/etc/alternatives', '/etc/localtime'],
  // Libraries choose their threads and kernels by these.
  ...['/sys/devices/system/cpu', '/sys/devices/system/node'],
];

/**
 * Lists the files and folders that a script needs, without those inside another one.
 *
 * @param {string} script
 */
export function neededFiles(script) {
  const paths = [...SYSTEM, ...programFiles(), ...packageFiles(script)];
  const all = [...new Set(paths)].filter((one) => existsSync(one));
  return all.filter((one) => !all.some((other) => other !== one && isInside(one, other)));
}

/**
 * Returns whether a file is a folder or inside of it.
 *
 * @param {string} file
 * @param {string} folder
 */
export function isInside(file, folder) {
  return file === folder || file.startsWith(folder === '/' ? folder : `${folder}/`);
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
