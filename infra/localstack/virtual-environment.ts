import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { run } from '#setup/run.mjs';
import { thisSite } from '#setup/tensorflow.mjs';

/** Virtual environment of this project's tools, such as LocalStack. */
export interface VirtualEnvironment {
  /** Prefix of the name of its folder. */
  readonly name: string;
  /** Python that it is made of, and that Python's version. */
  readonly python: string;
  readonly pythonVersion: string;
  /** File with the pinned packages. */
  readonly requirements: string;
  /** Options of pip, such as `--require-hashes`. */
  readonly options?: readonly string[];
}

/**
 * Returns the Python of a virtual environment with the packages in it. The first call on a machine
 * installs them into the user's cache, from the index that pip is configured with.
 *
 * @param onInstall Called before the installation, with the folder.
 * @throws SetupError with the last lines of pip, if pip fails.
 */
export async function virtualEnvironment(
  { name, python, pythonVersion, requirements, options = [] }: VirtualEnvironment,
  onInstall: (folder: string) => void,
): Promise<string> {
  const { cacheFolder, platform } = thisSite();
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = path.join(cacheFolder, `${name}-${digest}-python${pythonVersion}-${platform}`);
  const installed = path.join(folder, 'bin', 'python');
  if (existsSync(installed)) return installed;
  await rm(folder, { recursive: true, force: true }); // The Python that it was made of is gone.
  onInstall(folder);
  await mkdir(cacheFolder, { recursive: true });
  // The folder appears complete, under its final name, so that two first starts at once do not mix.
  // The scripts in its bin/ contain the old name; none of them is used.
  const unfinished = await mkdtemp(`${folder}.`);
  try {
    await run(python, ['-m', 'venv', unfinished]);
    await run(path.join(unfinished, 'bin', 'python'), [
      ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'],
      ...[...options, '--requirement', requirements],
    ]);
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(installed)) throw error;
  }
  return installed;
}
