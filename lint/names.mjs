/** Finds exported declarations of different files that have one name. */
import { parseSync } from 'oxc-parser';

/** @typedef {import('./imports.mjs').Source} Source */

/**
 * Lists the names that a file declares and exports, each with its line. Re-exported names are left
 * out.
 *
 * @param {Source} source
 * @returns {{ name: string, line: number }[]}
 */
export function exportsOf({ file, text }) {
  return parseSync(file, text).module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, exportName }) => {
      const { name, start } = exportName;
      if (moduleRequest || name === null || name === 'default' || start === null) return [];
      return [{ name, line: text.slice(0, start).split('\n').length }];
    }),
  );
}

/**
 * Names that a loader expects of each of its modules: AWS of a function, and a row of a table of
 * the module that it loads.
 */
const contracts = new Set(['handler', 'prepare', 'learn']);

/**
 * Finds every name that more than one file exports.
 *
 * @param {readonly Source[]} sources
 * @returns {string[]} One message per name.
 */
export function checkNames(sources) {
  /** @type {Map<string, Map<string, number>>} The line of each name in each file. */
  const filesOf = new Map();
  for (const source of sources) {
    for (const { name, line } of exportsOf(source)) {
      const files = filesOf.get(name) ?? new Map();
      filesOf.set(name, files.set(source.file, line));
    }
  }
  return [...filesOf].flatMap(([name, files]) => {
    if (files.size < 2 || contracts.has(name)) return [];
    const declarations = [...files].map(([file, line]) => `${file}:${line}`);
    return [`${declarations.join(', ')}: more than one exported ${name}`];
  });
}
