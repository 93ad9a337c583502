import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../src/package-root.ts';
import { virtualEnvironment } from './virtual-environment.ts';

/** Version that LocalStack 4.14 needs: on 3.11 it starts, but every service fails. */
export const pythonVersion = '3.13';
const check = 'import sys, venv, ensurepip; assert sys.version_info[:2] == (3, 13)';

const requirements = path.join(packageRoot, 'infra', 'localstack', 'requirements.txt');

/** Finds a Python that can run LocalStack: by the variable PYTHON, on the PATH, or from pyenv. */
export function findPython(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const candidates = [env.PYTHON, `python${pythonVersion}`, ...pyenvPythons(env), 'python3'];
  return candidates.find((python) => {
    if (!python) return false;
    try {
      execFileSync(python, ['-c', check], { env, stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

function pyenvPythons({ PYENV_ROOT: root, HOME: home = '' }: NodeJS.ProcessEnv): string[] {
  const folder = path.join(root ?? path.join(home, '.pyenv'), 'versions');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((version) => version.startsWith(`${pythonVersion}.`))
    .map((version) => path.join(folder, version, 'bin', 'python3'));
}

/**
 * Returns the Python of a virtual environment with LocalStack in it. The first call on a machine
 * installs it (500 MB, most of a minute).
 *
 * @throws SetupError with the last lines of pip, if pip fails.
 */
export function pythonWithLocalStack(
  python: string,
  show: (line: string) => void,
): Promise<string> {
  const options = ['--require-hashes'];
  return virtualEnvironment(
    { name: 'localstack', python, pythonVersion, requirements, options },
    (folder) => show(`Installing LocalStack (once, 500 MB) in ${folder}`),
  );
}
