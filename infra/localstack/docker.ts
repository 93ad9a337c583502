import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { thisSite } from '#setup/tensorflow.mjs';
import { packageRoot } from '../../src/package-root.ts';
import { executorFolder } from './host.ts';
import type { Server } from './server.ts';

/** Last release that needs no account; the same as in requirements.txt. */
const image = 'localstack/localstack:4.14.0';
const engineTimeoutMs = 10_000;

/** Returns whether a Docker engine answers. */
export function hasDocker(env: NodeJS.ProcessEnv = process.env): boolean {
  try {
    execFileSync('docker', ['info'], { env, stdio: 'ignore', timeout: engineTimeoutMs });
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns LocalStack's own image, which runs functions in containers beside it, with the
 * corrections of `executor/`. Written from the documentation, and not run yet, for lack of a Docker
 * engine.
 */
export function dockerServer(port: number): Server {
  const { cacheFolder } = thisSite();
  // A function's code is in /var/task: Node finds the packages beside it. TensorFlow's binding is a
  // link from there into the cache.
  const mounts = [
    `-v ${path.join(packageRoot, 'node_modules')}:/var/node_modules:ro`,
    `-v ${cacheFolder}:${cacheFolder}:ro`,
  ];
  const env = {
    PYTHONPATH: '/opt/counterweight',
    DISABLE_EVENTS: '1',
    LAMBDA_LOCAL_CONCURRENCY: String(availableParallelism()),
    LAMBDA_DOCKER_FLAGS: mounts.join(' '),
  };
  const args = [
    ...['run', '--rm', '--interactive', '--publish', `127.0.0.1:${port}:4566`],
    ...['--volume', '/var/run/docker.sock:/var/run/docker.sock'],
    ...['--volume', `${executorFolder}:${env.PYTHONPATH}:ro`],
    ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    image,
  ];
  return {
    program: 'docker',
    args,
    env: process.env,
    end: (child) => child.kill(), // Docker's client passes it on to the container.
  };
}
