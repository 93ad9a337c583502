import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** Folder of package.json: two levels up if compiled, one level up in the sources. */
export const packageRoot = dirname(
  createRequire(import.meta.url).resolve('counterweight/package.json'),
);
