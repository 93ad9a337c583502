/** Setup file of the projects whose test files share modules: replacing a module throws. */
import { vi } from 'vitest';

function refuse(): never {
  throw new Error(
    'Test files of this project share modules. To replace one, name the file *.process.test.ts',
  );
}

Object.assign(vi, { mock: refuse, doMock: refuse, resetModules: refuse });
