/** Finds imports that point up the layers, and cycles. */
import { posix as path } from 'node:path';
import { parseSync } from 'oxc-parser';
import { layers as projectLayers } from './layers.mjs';

/**
 * A file as the check reads it.
 *
 * @typedef {object} Source
 * @property {string} file Path from the root of the project.
 * @property {string} text
 */

/**
 * Lists the relative static imports of a file, types included. A dynamic `import()` is left out: a
 * row of a table loads its implementation that way.
 *
 * @param {Source} source
 * @returns {{ file: string, line: number }[]} The imported files, each with the importing line.
 */
export function importsOf({ file, text }) {
  const { staticImports, staticExports } = parseSync(file, text).module;
  const requests = [
    ...staticImports.map(({ moduleRequest }) => moduleRequest),
    ...staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest)),
  ];
  return requests.flatMap((request) => {
    if (!request?.value.startsWith('.')) return [];
    const line = text.slice(0, request.start).split('\n').length;
    return [{ file: path.join(path.dirname(file), request.value), line }];
  });
}

/**
 * Finds every import that points to a higher layer, and every cycle.
 *
 * @param {readonly Source[]} sources
 * @param {readonly (readonly string[])[]} [layers]
 * @returns {string[]} One message per finding.
 */
export function checkImports(sources, layers = projectLayers) {
  const graph = new Map(sources.map((source) => [source.file, importsOf(source)]));
  return [...upwardImports(graph, layers), ...cycles(graph)];
}

/**
 * @param {ReadonlyMap<string, { file: string, line: number }[]>} graph
 * @param {readonly (readonly string[])[]} layers
 */
function upwardImports(graph, layers) {
  const findings = [];
  for (const [file, imports] of graph) {
    const own = layerOf(file, layers);
    if (own === undefined) findings.push(`${file}: no layer of lint/layers.mjs contains it`);
    for (const imported of imports) {
      const other = layerOf(imported.file, layers);
      if (own === undefined || other === undefined || other <= own) continue;
      findings.push(
        `${file}:${imported.line}: imports ${imported.file}, which is in a higher layer ` +
          `(${layers[other]?.join(', ')}). Move what it needs down, or pass it in.`,
      );
    }
  }
  return findings;
}

/**
 * @param {string} file
 * @param {readonly (readonly string[])[]} layers
 */
function layerOf(file, layers) {
  let longest = '';
  let found;
  for (const [index, prefixes] of layers.entries()) {
    for (const prefix of prefixes) {
      if (!file.startsWith(prefix) || prefix.length <= longest.length) continue;
      longest = prefix;
      found = index;
    }
  }
  return found;
}

/** @param {ReadonlyMap<string, { file: string, line: number }[]>} graph */
function cycles(graph) {
  /** @type {string[]} */
  const findings = [];
  const done = new Set();
  /** @param {string} file @param {string[]} trail */
  const visit = (file, trail) => {
    const start = trail.indexOf(file);
    if (start >= 0) {
      findings.push(`import cycle: ${[...trail.slice(start), file].join(' -> ')}`);
      return;
    }
    if (done.has(file)) return;
    for (const imported of graph.get(file) ?? []) visit(imported.file, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return findings;
}
