import { run, SetupError } from '#setup/run.mjs';
import { virtualEnvironment } from '../../../infra/localstack/virtual-environment.ts';

const check =
  'import sys, venv, ensurepip; assert sys.version_info >= (3, 11), sys.version; print("%d.%d" % sys.version_info[:2])';

/**
 * Installs pinned packages once per machine, into the user's cache.
 *
 * @param name Name of the environment in the cache.
 * @param requirements File with the packages and their digests.
 * @param what Tests that are skipped without a suitable Python, after "Skipped:".
 * @returns the environment's Python; undefined if this machine has no suitable one.
 */
export async function pythonEnvironment(
  name: string,
  requirements: URL,
  what: string,
): Promise<string | undefined> {
  const python = process.env.PYTHON || 'python3';
  try {
    const pythonVersion = (await run(python, ['-c', check])).trim();
    const options = ['--require-hashes'];
    const settings = { name, python, pythonVersion, requirements: requirements.pathname, options };
    return await virtualEnvironment(settings, () => {});
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.warn(`Skipped: ${what} need Python 3.11 or newer. ${error.message}`);
    return undefined;
  }
}
