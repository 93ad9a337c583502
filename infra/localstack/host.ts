import type { ChildProcess } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../src/package-root.ts';
import { pythonWithLocalStack } from './python.ts';
import type { Server } from './server.ts';

/** Python package with the features that LocalStack lacks: see `plugins.py` there. */
export const executorFolder = path.join(packageRoot, 'infra', 'localstack', 'executor');

/** Time that an idle function keeps its process, in ms: with TensorFlow it holds 450 MB. */
const keepAliveMs = 60_000;

/**
 * Returns LocalStack as a process of this machine. It listens on loopback only, downloads nothing,
 * and keeps everything below `folder`. `executor/` has the features that it lacks for that.
 */
export async function hostServer(
  python: string,
  folder: string,
  port: number,
  show: (line: string) => void,
): Promise<Server> {
  const program = await pythonWithLocalStack(python, show);
  const temporary = path.join(folder, 'tmp');
  await mkdir(temporary);
  // Functions are unpacked below tmp/, and Node looks for packages in every folder above.
  await symlink(path.join(packageRoot, 'node_modules'), path.join(folder, 'node_modules'));
  const { PATH, LANG, LD_LIBRARY_PATH } = process.env;
  const env = {
    PATH,
    LANG,
    LD_LIBRARY_PATH,
    HOME: folder, // It reads settings from there, and writes caches.
    TMPDIR: temporary,
    FILESYSTEM_ROOT: path.join(folder, 'files'),
    OVERRIDE_IN_DOCKER: '0', // It would take some machines for its own container.
    PYTHONPATH: executorFolder,
    GATEWAY_SERVER: 'loopback',
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    DNS_ADDRESS: '0',
    SKIP_SSL_CERT_DOWNLOAD: '1',
    DISABLE_EVENTS: '1',
    CFN_NO_WAIT_ITERATIONS: '100', // It would wait a second for each function of a stack.
    LAMBDA_RUNTIME_EXECUTOR: 'process',
    LAMBDA_KEEPALIVE_MS: String(keepAliveMs),
    LAMBDA_LOCAL_NODE: process.execPath,
    LAMBDA_LOCAL_CONCURRENCY: String(availableParallelism()),
  };
  return {
    program,
    args: ['-m', 'localstack.runtime.main'],
    env,
    end: endGroup,
  };
}

/** Ends the functions, which are processes of the same group. They have nothing to keep. */
function endGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
