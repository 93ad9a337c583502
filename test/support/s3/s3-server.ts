import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { run, SetupError } from '#setup/run.mjs';
import { thisSite } from '#setup/tensorflow.mjs';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
const program = fileURLToPath(new URL('s3-server.py', import.meta.url));

/** The server's page of a listing; S3's own has 1,000 keys. */
export const s3PageKeys = 10;

export interface S3Server {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Starts a local S3 server, moto, with conditional writes, ranges and versions. The first start on
 * a machine installs it into the user's cache (10 s); later ones take about a second.
 *
 * @returns why there is none, when Python 3.11 or newer with pip is missing
 */
export async function startS3Server(): Promise<S3Server | string> {
  const python = 'python3';
  let abi: string;
  try {
    abi = await pythonAbi(python);
  } catch (error) {
    if (error instanceof SetupError) return error.message;
    throw error;
  }
  const folder = await install(python, abi);
  const child = spawn(python, ['-I', program, folder], {
    env: { ...process.env, MOTO_S3_DEFAULT_MAX_KEYS: String(s3PageKeys) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return { endpoint: `http://127.0.0.1:${await firstLine(child)}`, stop: () => stop(child) };
}

/** @throws SetupError when Python is missing, too old, or without pip */
async function pythonAbi(python: string): Promise<string> {
  const check =
    'import sys, pip; assert sys.version_info >= (3, 11), sys.version; print(sys.implementation.cache_tag)';
  return (await run(python, ['-c', check])).trim();
}

/** A folder with moto in it. It appears complete, so two first starts at once do not mix. */
async function install(python: string, abi: string): Promise<string> {
  const site = thisSite();
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(site.cacheFolder, `s3-server-${digest}-${abi}-${site.platform}`);
  if (existsSync(folder)) return folder;
  await mkdir(site.cacheFolder, { recursive: true });
  const unfinished = await mkdtemp(`${folder}.`);
  const options = ['--quiet', '--disable-pip-version-check', '--no-input', '--require-hashes'];
  const what = ['--only-binary', ':all:', '--target', unfinished, '--requirement', requirements];
  try {
    await run(python, ['-m', 'pip', 'install', ...options, ...what]);
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

async function firstLine(child: ChildProcess & { stdout: Readable }): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('the S3 server ended before it listened');
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.stdin?.end();
  await ended;
}
