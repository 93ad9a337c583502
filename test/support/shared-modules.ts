/**
 * Setup file of the projects whose test files share modules. A file leaves nothing to the next: its
 * stubs end with it, and it throws if a file replaces a module or changes the environment.
 */
import { afterAll, expect, vi } from 'vitest';

const environment = variables();

/** Returns the environment, without the variable that is set when TensorFlow is loaded. */
function variables(): NodeJS.ProcessEnv {
  const { TF_CPP_MIN_LOG_LEVEL: _, ...rest } = process.env;
  return rest;
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
