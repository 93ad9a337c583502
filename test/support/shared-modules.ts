/**
 * Setup file of the projects whose test files share modules. A file leaves nothing to the next:
 * its stubs end with it, and replacing a module throws.
 */
import { afterAll, vi } from 'vitest';

afterAll(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

function refuse(): never {
  throw new Error(
    'Test files of this project share modules. To replace one, name the file *.process.test.ts',
  );
}

Object.assign(vi, { mock: refuse, doMock: refuse, resetModules: refuse });
