import path from 'node:path';
import { run, SetupError } from '#setup/run.mjs';
import { virtualEnvironment } from '../infra/localstack/virtual-environment.ts';
import { packageRoot } from '../src/package-root.ts';

const requirements = path.join(packageRoot, 'bench', 'peers', 'requirements.txt');

/** Supported versions: those of TensorFlow 2.21's packages. */
const wanted = 'assert (3, 11) <= sys.version_info[:2] <= (3, 13), sys.version';
const check = `import sys, venv, ensurepip; ${wanted}; print("%d.%d" % sys.version_info[:2])`;

/**
 * Returns the Python that has the peers' packages. The first call on a machine installs them into
 * the user's cache, with the Python named by PYTHON or with `python3`.
 *
 * @throws SetupError if the installation fails.
 */
export async function peersPython(say: (line: string) => void): Promise<string> {
  const python = process.env.PYTHON || 'python3';
  const pythonVersion = (
    await run(python, ['-c', check]).catch((error: Error) => {
      throw new SetupError(
        `The peers need Python 3.11, 3.12 or 3.13 with venv: ${error.message}`,
        'Install one, and name it in PYTHON.',
      );
    })
  ).trim();
  return virtualEnvironment({ name: 'peers', python, pythonVersion, requirements }, (folder) =>
    say(`Installing the peers' packages (once, some GB) in ${folder}`),
  );
}
