import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clientEnv, isHealthy } from '../../src/aws/localstack.ts';
import { UserError } from '../../src/errors.ts';
import { dockerServer, hasDocker } from './docker.ts';
import { hostServer } from './host.ts';
import { findPython, pythonVersion } from './python.ts';
import type { LocalStack, Server } from './server.ts';

/**
 * Maximum time of a start. It usually takes 2 s, and longer under load or if Docker downloads an
 * image.
 */
const startTimeoutMs = 300_000;
const pollMs = 100;
const tailLines = 20;

export interface Options {
  /** Port; if it is in use, another one is chosen. Default: a free one. */
  readonly port?: number;
  /**
   * Folder for a folder with state and log, which `stop` removes. Default: the system's temporary
   * one.
   */
  readonly folder?: string;
  readonly show?: (line: string) => void;
}

/** Way in which `startLocalStack` would run it on this machine: Python is preferred. */
export type Availability =
  | { readonly kind: 'host'; readonly python: string }
  | { readonly kind: 'docker' }
  | { readonly kind: 'none'; readonly reason: string };

export function availability(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): Availability {
  const python = findPython(env);
  if (python !== undefined) return { kind: 'host', python };
  if (platform !== 'linux') {
    return {
      kind: 'none',
      reason:
        `there is no Python ${pythonVersion}. Docker would do on Linux only: it runs functions in ` +
        "Linux containers, which cannot load this machine's native packages",
    };
  }
  if (hasDocker(env)) return { kind: 'docker' };
  return {
    kind: 'none',
    reason: `there is neither Python ${pythonVersion} nor a Docker engine that answers`,
  };
}

/**
 * Starts LocalStack, an emulator of AWS, and waits until it answers.
 *
 * @throws UserError if it cannot run here or does not start.
 */
export async function startLocalStack(options: Options = {}): Promise<LocalStack> {
  const { show = () => {} } = options;
  const available = availability();
  if (available.kind === 'none') {
    throw new UserError(
      `LocalStack cannot run here: ${available.reason}`,
      `Install Python ${pythonVersion} (pyenv install ${pythonVersion}), or name it in PYTHON; on Linux, a Docker engine also does.`,
    );
  }
  const port = (await portIfFree(options.port ?? 0)) ?? (await portIfFree(0))!;
  const folder = await mkdtemp(path.join(options.folder ?? tmpdir(), 'counterweight-localstack-'));
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    const server =
      available.kind === 'host'
        ? await hostServer(available.python, folder, port, show)
        : dockerServer(port);
    show(`Starting LocalStack on port ${port}`);
    const running = await start(server, port, path.join(folder, 'localstack.log'));
    const stop = async () => {
      await running.stop();
      await remove();
    };
    return { ...running, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Returns the port if it is free. @param port 0 for any port. */
async function portIfFree(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    const address = server.address();
    return typeof address === 'object' ? address?.port : undefined;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}

async function start(server: Server, port: number, log: string): Promise<LocalStack> {
  const output = openSync(log, 'w');
  const child = spawn(server.program, server.args, {
    cwd: path.dirname(log),
    env: server.env,
    detached: true,
    // LocalStack watches the pipe to its standard input, and ends when this process does.
    stdio: ['pipe', output, output],
  });
  closeSync(output);
  const ended = once(child, 'exit');
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    server.end(child);
    await ended;
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const deadlineMs = Date.now() + startTimeoutMs;
  // Its own log decides as well: another program may have taken the port just now.
  while (!isReady(log) || !(await isHealthy(endpoint))) {
    if (hasEnded() || Date.now() > deadlineMs) {
      const how = hasEnded() ? 'ended' : `did not answer for ${startTimeoutMs / 1000} s`;
      await stop();
      throw new UserError(`LocalStack ${how} instead of starting. Its last lines:\n${tail(log)}`);
    }
    await delay(pollMs);
  }
  return { endpoint, log, env: clientEnv(endpoint), stop };
}

function isReady(log: string): boolean {
  return /^Ready\.$/m.test(readFileSync(log, 'utf8'));
}

function tail(log: string): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-tailLines).join('\n');
}
