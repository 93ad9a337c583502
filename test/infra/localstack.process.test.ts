import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { availability, startLocalStack } from '../../infra/localstack/localstack.ts';
import type { LocalStack } from '../../infra/localstack/server.ts';

/** Answers like LocalStack, records requests, and starts a process like a function's. */
const fakeServer = `
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
const own = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
const [host, port] = process.env.GATEWAY_LISTEN.split(':');
writeFileSync('told.json', JSON.stringify({ env: process.env, pids: [process.pid, own.pid], linked: existsSync('node_modules/zod') }));
createServer((_, answer) => answer.end()).listen(port, host, () => console.log('Ready.'));
`;

/** A machine of its own: a PATH, a home and a cache. */
class FakeMachine {
  readonly root = mkdtempSync(path.join(tmpdir(), 'localstack-test-'));
  readonly cache = this.#folder('cache');
  readonly states = this.#folder('states');
  readonly server = path.join(this.root, 'server.mjs');
  readonly #bin = this.#folder('bin');
  readonly #pipLog = path.join(this.root, 'pip');

  constructor() {
    writeFileSync(this.server, fakeServer);
    vi.stubEnv('PATH', this.#bin);
    vi.stubEnv('HOME', this.#folder('home'));
    vi.stubEnv('COUNTERWEIGHT_CACHE', this.cache);
    for (const name of ['PYTHON', 'PYENV_ROOT']) vi.stubEnv(name, undefined);
  }

  /** Adds a Python 3.13 whose pip and whose LocalStack run these shell commands. */
  addPython({ pip = 'true', localstack = '', file = path.join(this.#bin, 'python3.13') } = {}) {
    const serve = `exec '${process.execPath}' '${this.server}'`;
    this.#script(
      file,
      `case "$*" in
'-c '*) exit 0;;
'-m venv '*) /bin/mkdir -p "$3/bin" && /bin/cp "$0" "$3/bin/python";;
'-m pip install '*) echo x >> '${this.#pipLog}'; ${pip};;
'-m localstack.runtime.main') ${localstack || serve};;
esac`,
    );
  }

  addDocker(info: string) {
    this.#script(path.join(this.#bin, 'docker'), `[ "$*" = info ] && ${info}`);
  }

  get installations(): number {
    return existsSync(this.#pipLog) ? readFileSync(this.#pipLog, 'utf8').length / 2 : 0;
  }

  remove() {
    vi.unstubAllEnvs();
    rmSync(this.root, { recursive: true });
  }

  #script(file: string, commands: string) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${commands}\n`, { mode: 0o755 });
  }

  #folder(name: string): string {
    const folder = path.join(this.root, name);
    mkdirSync(folder);
    return folder;
  }
}

describe('the runner', () => {
  let machine: FakeMachine;
  beforeEach(() => {
    machine = new FakeMachine();
  });
  afterEach(() => machine.remove());

  const start = (port?: number) =>
    startLocalStack({ folder: machine.states, ...(port !== undefined && { port }) });

  test('prefers Python 3.13 to Docker, and reports if there is neither', () => {
    const onLinux = () => availability(process.env, 'linux');
    expect(onLinux()).toMatchObject({ kind: 'none', reason: expect.stringMatching(/3\.13/) });
    machine.addDocker('exit 1');
    expect(onLinux().kind).toBe('none');
    machine.addDocker('exit 0');
    expect(onLinux()).toEqual({ kind: 'docker' });
    expect(availability(process.env, 'darwin')).toEqual({
      kind: 'none',
      reason: expect.stringContaining('Docker would do on Linux only'),
    });
    const inPyenv = path.join(machine.root, 'home/.pyenv/versions/3.13.1/bin/python3');
    machine.addPython({ file: inPyenv });
    expect(availability()).toEqual({ kind: 'host', python: inPyenv });
    machine.addPython();
    expect(availability()).toEqual({ kind: 'host', python: 'python3.13' });
    const named = path.join(machine.root, 'named');
    machine.addPython({ file: named });
    vi.stubEnv('PYTHON', named);
    expect(availability()).toEqual({ kind: 'host', python: named });
  });

  test('does not start where there is neither', async () => {
    await expect(start()).rejects.toMatchObject({
      name: 'UserError',
      hint: expect.stringContaining('PYTHON'),
    });
  });

  test('sets the address of LocalStack, and one folder for all its files', async () => {
    machine.addPython();
    vi.stubEnv('AWS_PROFILE', 'production');
    vi.stubEnv('LOCALSTACK_AUTH_TOKEN', 'secret');
    const localstack = await start();
    try {
      const { folder, env, linked } = told(machine);
      expect(localstack.endpoint).toBe(`http://${env.GATEWAY_LISTEN}`);
      expect(env.GATEWAY_LISTEN).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(localstack.env).toMatchObject({
        AWS_ENDPOINT_URL: localstack.endpoint,
        AWS_ENDPOINT_URL_S3: localstack.endpoint,
        AWS_ACCESS_KEY_ID: 'test',
      });
      expect(path.dirname(localstack.log)).toBe(folder);
      for (const name of ['HOME', 'TMPDIR', 'FILESYSTEM_ROOT']) {
        expect(env[name]).toMatch(new RegExp(`^${folder}`));
      }
      expect(env).not.toHaveProperty('AWS_PROFILE');
      expect(env).not.toHaveProperty('LOCALSTACK_AUTH_TOKEN');
      expect(linked, 'functions find the packages').toBe(true);
    } finally {
      await localstack.stop();
    }
  });

  test('leaves no process and no file behind', async () => {
    machine.addPython();
    const localstack = await start();
    const { pids } = told(machine);
    await localstack.stop();
    await expect(fetch(localstack.endpoint)).rejects.toThrow();
    expect(readdirSync(machine.states)).toEqual([]);
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 10_000 });
    await localstack.stop();
  });

  test('installs once, also when two start at the same time', async () => {
    machine.addPython();
    for (const localstack of await Promise.all([start(), start()])) await localstack.stop();
    expect(readdirSync(machine.cache)).toHaveLength(1);
    const { installations } = machine;
    await (await start()).stop();
    expect(machine.installations).toBe(installations);
  });

  test('installs again when the Python of the installation is gone', async () => {
    machine.addPython();
    await (await start()).stop();
    const [installed = ''] = readdirSync(machine.cache);
    rmSync(path.join(machine.cache, installed, 'bin', 'python'));
    await (await start()).stop();
    expect(machine.installations).toBe(2);
  });

  test('a failed installation reports the reason, and leaves nothing', async () => {
    machine.addPython({ pip: 'echo no matching distribution >&2; exit 1' });
    await expect(start()).rejects.toThrow(/no matching distribution/);
    expect(readdirSync(machine.cache)).toEqual([]);
    expect(readdirSync(machine.states)).toEqual([]);
  });

  test('a LocalStack that ends instead of starting is quoted', async () => {
    machine.addPython({ localstack: 'echo one; echo the reason >&2; exit 3' });
    await expect(start()).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/one\nthe reason$/),
    });
    expect(readdirSync(machine.states)).toEqual([]);
  });

  test('takes another port than one in use', async () => {
    machine.addPython();
    const first = await start();
    const port = portOf(first);
    const second = await start(port);
    await first.stop();
    const third = await start(port);
    await Promise.all([second.stop(), third.stop()]);
    expect(portOf(second)).not.toBe(port);
    expect(portOf(third)).toBe(port);
  });

  test('does not take another program on its port for itself', async () => {
    machine.addPython({
      localstack: `'${process.execPath}' '${machine.server}' > other.log & 
        while [ ! -s other.log ]; do :; done; echo cannot listen; exit 1`,
    });
    await expect(start()).rejects.toThrow(/cannot listen$/);
  });
});

const toldSchema = z.object({
  env: z.record(z.string(), z.string()),
  pids: z.array(z.number()),
  linked: z.boolean(),
});

/** Requests to the running server. */
function told({ states }: FakeMachine) {
  const [name = ''] = readdirSync(states);
  const folder = path.join(states, name);
  return {
    folder,
    ...toldSchema.parse(JSON.parse(readFileSync(path.join(folder, 'told.json'), 'utf8'))),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const found = availability();
const python = found.kind === 'host' ? found.python : '';

describe.skipIf(!python)('LocalStack without Docker', () => {
  let localstack: LocalStack;
  let lambda: LambdaClient;
  beforeAll(async () => {
    localstack = await startLocalStack();
    lambda = new LambdaClient(clientOptions(localstack));
    // The first start on a machine downloads it.
  }, 600_000);
  afterAll(() => localstack?.stop());

  test('listens on 127.0.0.1 only', async () => {
    const port = portOf(localstack);
    // On Linux every 127.x.x.x is this machine: a server on all addresses would answer.
    await expect(connects('127.0.0.2', port)).rejects.toThrow();
    await connects('127.0.0.1', port);
  });

  test('runs a function: packages, log lines, errors, exits, time-outs', async () => {
    const name = 'all-kinds';
    const logs = new CloudWatchLogsClient(clientOptions(localstack));
    await logs.send(new CreateLogGroupCommand({ logGroupName: 'one-for-all' }));
    await create(
      name,
      `import { z } from 'zod';
       let calls = 0;
       export async function handler({ how }, context) {
         console.log(JSON.stringify({ how, id: context.awsRequestId }));
         if (how === 'throw') throw Object.assign(new Error('later'), { name: 'TransientError' });
         if (how === 'kill') process.kill(process.pid, 'SIGKILL');
         if (how === 'hang') await new Promise((done) => setTimeout(done, 60_000));
         return { calls: ++calls, zod: typeof z.string, task: process.env.TASK };
       }`,
      {
        LoggingConfig: { LogGroup: 'one-for-all' },
        Environment: { Variables: { TASK: 'Label' } },
      },
    );
    expect(await invoke(name)).toEqual({ calls: 1, zod: 'function', task: 'Label' });
    expect(await invoke(name, 'throw')).toMatchObject({ errorType: 'TransientError' });
    expect(await invoke(name), 'the same process').toMatchObject({ calls: 2 });
    expect(await invoke(name, 'kill')).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(await invoke(name), 'a new process').toMatchObject({ calls: 1 });
    expect(await invoke(name, 'hang')).toMatchObject({ errorType: 'Sandbox.Timedout' });
    expect(await invoke(name), 'a new process').toMatchObject({ calls: 1 });

    const records = async () => {
      const query = new FilterLogEventsCommand({ logGroupName: 'one-for-all' });
      const { events = [] } = await logs.send(query);
      expect(events[0]?.logStreamName).toContain(`/${name}[$LATEST]`);
      const lines = events.map(({ message }) => JSON.parse(message!));
      expect(lines.filter(({ how }) => how === 'kill')).toHaveLength(1);
      return lines.flatMap(({ type, record }) => (type === 'platform.report' ? [record] : []));
    };
    const expected = 'success error success error success timeout success'.split(' ');
    await vi.waitFor(
      async () => expect((await records()).map(({ status }) => status)).toEqual(expected),
      { timeout: 10_000 },
    );
    const [{ metrics }] = await records();
    expect(metrics.memorySizeMB).toBe(128);
    if (process.platform === 'linux') expect(metrics.maxMemoryUsedMB).toBeGreaterThan(20);
  });

  test('a failed import is reported as the error of the call', async () => {
    await create('broken', 'import "no-such-package"; export const handler = async () => 1;');
    const error = { errorMessage: expect.stringContaining('no-such-package') };
    expect(await invoke('broken')).toMatchObject(error);
    expect(await invoke('broken')).toMatchObject(error);
  });

  test('calls beyond what the machine can run at a time wait', async () => {
    await create(
      'many',
      'export const handler = async () => { await new Promise((done) => setTimeout(done, 50)); return process.pid; };',
    );
    const pids = await Promise.all(Array.from({ length: 12 }, () => invoke('many')));
    expect(pids.every(Number.isInteger)).toBe(true);
    expect(new Set(pids).size).toBeLessThan(12);
  });

  test('ends when the program that started it is killed', async () => {
    const script = `
      const { startLocalStack } = await import(process.argv[1]);
      console.log((await startLocalStack({ folder: process.argv[2] })).endpoint);`;
    const folder = mkdtempSync(path.join(tmpdir(), 'localstack-test-'));
    const compiled = path.resolve('dist/infra/localstack/localstack.js');
    const parent = spawn(
      process.execPath,
      ['--input-type=module', '-e', script, compiled, folder],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      const [endpoint] = await once(createInterface({ input: parent.stdout }), 'line');
      expect((await fetch(endpoint)).status).toBe(200);
      parent.kill('SIGKILL');
      await vi.waitFor(() => expect(fetch(endpoint)).rejects.toThrow(), { timeout: 10_000 });
    } finally {
      parent.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });

  async function create(name: string, code: string, more: object = {}): Promise<void> {
    const folder = mkdtempSync(path.join(tmpdir(), 'localstack-test-'));
    writeFileSync(path.join(folder, 'index.mjs'), code);
    execFileSync(python, ['-m', 'zipfile', '-c', 'code.zip', 'index.mjs'], { cwd: folder });
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: 'arn:aws:iam::000000000000:role/any',
        Timeout: 2,
        Code: { ZipFile: readFileSync(path.join(folder, 'code.zip')) },
        ...more,
      }),
    );
    rmSync(folder, { recursive: true });
    await waitUntilFunctionActiveV2(
      { client: lambda, maxWaitTime: 30, minDelay: 0.1 },
      { FunctionName: name },
    );
  }

  /** Result of the function, or its error. */
  async function invoke(name: string, how = ''): Promise<unknown> {
    const call = new InvokeCommand({ FunctionName: name, Payload: JSON.stringify({ how }) });
    const { Payload } = await lambda.send(call);
    return JSON.parse(Buffer.from(Payload!).toString());
  }
});

function portOf({ endpoint }: LocalStack): number {
  return Number(new URL(endpoint).port);
}

function clientOptions({ endpoint, env }: LocalStack) {
  return {
    endpoint,
    region: env.AWS_REGION,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
  };
}

async function connects(host: string, port: number): Promise<void> {
  const socket = connect({ host, port });
  await once(socket, 'connect');
  socket.destroy();
}
