import path from 'node:path';

/** The Node-API version that tfjs-node 4.22 is built for, and so the name of its folder. */
export const NODE_API_VERSION = 8;

/**
 * Returns the path of tfjs-node's link into the cache.
 *
 * @param {string} tfjsFolder The package `@tensorflow/tfjs-node`.
 */
export function bindingLink(tfjsFolder) {
  return path.join(tfjsFolder, 'lib', `napi-v${NODE_API_VERSION}`);
}
