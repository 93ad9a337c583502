import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** The folder of package.json: two up from here when compiled, one up in the sources. */
export const packageRoot = dirname(
  createRequire(import.meta.url).resolve('counterweight/package.json'),
);
