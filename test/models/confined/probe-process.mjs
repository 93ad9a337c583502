/**
 * Stands in for the process of a model: does what the path of its model names. The names of its
 * inner tensors are the arguments.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, join } from 'node:path';

/** @typedef {{ path: string, folder: string, inner?: string[] }} Source */

/** @param {string} path */
function readOr(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return 'failed';
  }
}

/** @param {string} folder */
function writeOr(folder) {
  try {
    writeFileSync(join(folder, 'written'), 'x');
    return 'written';
  } catch {
    return 'failed';
  }
}

/** @param {number} port @returns {Promise<string>} */
const network = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve('connected'));
    socket.on('error', () => resolve('failed'));
  });

/** @type {Buffer[]} */
const held = [];

/** @type {Record<string, (source: Source) => Promise<string[]> | string[]>} */
const deeds = {
  async look({ inner: [caller, port] = [] }) {
    return [
      JSON.stringify(process.env),
      readOr(`/proc/${process.ppid}/environ`),
      readOr(`/proc/${caller}/environ`),
      await network(Number(port)),
    ];
  },
  read: ({ inner = [] }) => inner.map(readOr),
  list: ({ inner = [] }) => inner.map((folder) => readdirSync(folder).sort().join(' ')),
  write: ({ inner = [] }) => inner.map(writeOr),
  endless() {
    for (;;);
  },
  greedy() {
    for (;;) held.push(Buffer.alloc(2 ** 24, 1));
  },
  async waits({ folder }) {
    while (readOr(join(folder, 'answer')) === '') await new Promise(setImmediate);
    return [];
  },
  crash: () => process.exit(3),
  lie: () => [/** @type {any} */ (7)],
};

process.on('message', async (/** @type {{ source: Source }} */ { source }) => {
  const classLabels = await deeds[basename(source.path)]?.(source);
  process.send?.({ kind: 'loaded', inputs: [], outputs: [], classLabels });
});
process.on('disconnect', () => process.exit());
