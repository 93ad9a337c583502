import type { TestProject } from 'vitest/node';
import { run, SetupError } from '#setup/run.mjs';
import { virtualEnvironment } from '../../../infra/localstack/virtual-environment.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Python with moto; undefined if this machine has no suitable Python. */
    moto: string | undefined;
  }
}

const check =
  'import sys, venv, ensurepip; assert sys.version_info >= (3, 11), sys.version; print("%d.%d" % sys.version_info[:2])';

/** Installs moto once per machine (130 MB), into the user's cache. */
export default async function setUp(project: TestProject): Promise<void> {
  const python = process.env.PYTHON || 'python3';
  try {
    const pythonVersion = (await run(python, ['-c', check])).trim();
    const requirements = new URL('requirements.txt', import.meta.url).pathname;
    const options = ['--require-hashes'];
    const settings = { name: 'moto', python, pythonVersion, requirements, options };
    project.provide('moto', await virtualEnvironment(settings, () => {}));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.warn(`Skipped: enforced permissions need Python 3.11 or newer. ${error.message}`);
    project.provide('moto', undefined);
  }
}
