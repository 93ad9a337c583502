/**
 * Setup file of the projects whose test files share modules. A file leaves nothing to the next: its
 * stubs end with it, and replacing a module or changing the environment is an error.
 */
import { afterAll, expect, vi } from 'vitest';

/** Set when TensorFlow and libvips are loaded. */
const ofLibraries = new Set(['TF_CPP_MIN_LOG_LEVEL', 'VIPSHOME']);
const environment = variables();

function variables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofLibraries.has(name)));
}

afterAll(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  expect(variables(), 'the environment after the file').toEqual(environment);
});

function refuse(): never {
  throw new Error(
    'Test files of this project share modules. To replace one, name the file *.process.test.ts',
  );
}

Object.assign(vi, { mock: refuse, doMock: refuse, resetModules: refuse });
