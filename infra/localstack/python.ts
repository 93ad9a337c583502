import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { run } from '#setup/run.mjs';
import { thisSite } from '#setup/tensorflow.mjs';
import { packageRoot } from '../package-root.ts';

/** LocalStack 4.14 needs it: on 3.11 it starts, and then every service fails. */
export const pythonVersion = '3.13';
const check = 'import sys, venv, ensurepip; assert sys.version_info[:2] == (3, 13)';

const requirements = path.join(packageRoot, 'infra', 'localstack', 'requirements.txt');

/** A Python that can run LocalStack: the one that PYTHON names, one on the PATH, or pyenv's. */
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
 * The Python of a virtual environment with LocalStack in it. The first call on a machine installs
 * it into the user's cache (500 MB, most of a minute), from the index that pip is configured with.
 *
 * @throws SetupError when pip fails, with its last lines
 */
export async function pythonWithLocalStack(
  python: string,
  show: (line: string) => void,
): Promise<string> {
  const { cacheFolder, platform } = thisSite();
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = path.join(cacheFolder, `localstack-${digest}-python${pythonVersion}-${platform}`);
  const installed = path.join(folder, 'bin', 'python');
  if (existsSync(installed)) return installed;
  await rm(folder, { recursive: true, force: true }); // The Python that it was made of is gone.
  show(`Installing LocalStack (once, 500 MB) in ${folder}`);
  await mkdir(cacheFolder, { recursive: true });
  // It appears complete, under its own name, so two first starts at once do not mix. The scripts
  // in its bin/ hold the other name; none of them is used.
  const unfinished = await mkdtemp(`${folder}.`);
  try {
    await run(python, ['-m', 'venv', unfinished]);
    const options = ['--quiet', '--disable-pip-version-check', '--no-input', '--require-hashes'];
    await run(path.join(unfinished, 'bin', 'python'), [
      ...['-m', 'pip', 'install', ...options, '--requirement', requirements],
    ]);
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(installed)) throw error;
  }
  return installed;
}
