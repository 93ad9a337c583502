/** Models in a process of their own: what it cannot see, and when it is killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findIsolation } from '#setup/isolation.mjs';
import { sum } from '../../../src/arrays.ts';
import { loadConfined } from '../../../src/models/confined/confined-model.ts';
import { modelLimits } from '../../../src/models/confined/limits.ts';
import type * as LoadModelModule from '../../../src/models/confined/load-model.ts';
import type { LoadedModel } from '../../../src/models/teachers/loaded-model.ts';
import { loadOnnx } from '../../../src/models/teachers/onnx.ts';
import { loadSavedModel } from '../../../src/models/teachers/saved-model.ts';
import {
  int64Tensor,
  onnxModel,
  onnxNode,
  onnxPort,
  writesAtLoad,
} from '../../support/hostile-models.ts';
import { refusalOf } from '../../support/refusal.ts';

const here = import.meta.dirname;
const probe = fileURLToPath(new URL('./probe-process.mjs', import.meta.url));
const [compiled, bundled] = [
  'src/models/confined/model-process.js',
  'lambda/model-process.mjs',
].map((file) => fileURLToPath(new URL(`../../../dist/${file}`, import.meta.url))) as [
  string,
  string,
];
const kept: typeof LoadModelModule = await import(compiled.replace('model-process', 'load-model'));
const fixtures = join(here, '../../fixtures/teachers');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'counterweight-test-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const limits = { ...modelLimits(), everyMs: 20 };

/** Lets the probe do something, with these limits. */
const probing = (deed: string, more: Partial<typeof limits> = {}, inner: string[] = []) =>
  loadConfined('onnx', { path: join(folder, deed), folder, name: 'the model', inner }, probe, {
    ...limits,
    ...more,
  });

/** Lets the probe do something with paths. @returns what it found. */
async function found(deed: string, paths: string[]): Promise<readonly string[]> {
  const model = await probing(deed, {}, paths);
  model.dispose();
  return model.classLabels!;
}

const refusal = async (loading: Promise<unknown>) => (await refusalOf(loading)).message;

describe('the process', () => {
  test('sees no credential, and with namespaces no network and no other process', async () => {
    const secrets = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'HF_TOKEN', 'TF_TOKEN_any'];
    for (const name of [...secrets, 'ANY_OTHER_VARIABLE']) vi.stubEnv(name, 'canary');
    vi.stubEnv('OMP_NUM_THREADS', '2');
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address() as { port: number };
    const model = await probing('look', {}, [`${process.pid}`, `${address.port}`]);
    const [env, ofParent, ofCaller, network] = model.classLabels!;
    server.close();
    model.dispose();
    expect(env).not.toContain('canary');
    expect(JSON.parse(env!)).toMatchObject({ OMP_NUM_THREADS: '2' });
    const { description } = findIsolation();
    if (description.includes('network')) expect(network).toBe('failed');
    else expect(network).toBe('connected');
    if (!description.includes('processes')) return;
    expect(ofParent).toBe('failed');
    expect(ofCaller).toBe('failed');
  });

  test.runIf(findIsolation().hidesFiles)('sees and writes no files of the user', async () => {
    const home = await mkdtemp(join(homedir(), '.counterweight-test-'));
    const [canary, data] = [join(home, 'credentials'), join(folder, '..', basename(home))];
    await mkdir(data);
    for (const where of [canary, join(data, 'a.csv'), join(folder, 'weights')]) {
      await writeFile(where, 'canary');
    }
    await mkdir(join(folder, 'variables'));
    await writeFile(join(folder, 'variables', 'index'), 'inside');
    const secrets = [canary, join(data, 'a.csv'), '/etc/passwd', `/proc/1/root${canary}`];
    const own = ['/model/weights', '/model/variables/index'];
    const targets = [home, data, folder, '/', '/usr', '/model', dirname(probe), '/proc/sys/kernel'];
    try {
      expect(await found('read', [...secrets, ...own])).toEqual([
        ...secrets.map(() => 'failed'),
        ...['canary', 'inside'],
      ]);
      expect(await found('write', [...targets, '/scratch'])).toEqual([
        ...targets.map(() => 'failed'),
        'written',
      ]);
      // Folders of the user: those on the way to the package, without their other files.
      const checkout = fileURLToPath(new URL('../../..', import.meta.url));
      expect(await found('list', [checkout, '/before', '/model'])).toEqual([
        'node_modules package.json setup test',
        '',
        'variables weights',
      ]);
      expect(readdirSync(home)).toEqual(['credentials']);
      const status = await found('read', ['/proc/self/status']);
      expect(status[0]).toMatch(
        /^CapPrm:\t0+\nCapEff:\t0+\nCapBnd:\t0+\nCapAmb:\t0+\nNoNewPrivs:\t1$/m,
      );
    } finally {
      await rm(home, { recursive: true });
      await rm(data, { recursive: true });
    }
  });

  test('is killed if its answer has another form', async () => {
    expect(await refusal(probing('lie'))).toBe(
      'the model was stopped: its process gave an answer of another form',
    );
  });

  test('is killed if it takes too long to load', async () => {
    expect(await refusal(probing('endless', { loadMs: 300 }))).toMatch(
      /^the model was stopped: loading took \d+\.\d s, and the limit is 0\.3 s$/,
    );
  });

  test('is not killed because this process was paused', async () => {
    const answer = join(folder, 'answer');
    await writeFile(answer, '');
    const loading = probing('waits', { loadMs: 30_000 });
    await new Promise(setImmediate);
    const clock = vi.spyOn(performance, 'now').mockReturnValue(3_600_000);
    await vi.waitFor(() => expect(clock.mock.calls.length).toBeGreaterThan(2), 30_000);
    await writeFile(answer, 'now');
    (await loading).dispose();
  });

  test('is killed if it takes too much memory', async () => {
    expect(await refusal(probing('greedy', { memoryBytes: 2 ** 29 }))).toMatch(
      /^the model was stopped: it took [\d.]+ [MG]iB of memory, and the limit is 512 MiB$/,
    );
  });

  test('that crashes is reported', async () => {
    expect(await refusal(probing('crash'))).toBe(
      'the process that ran the model ended early (exit code 3)',
    );
  });

  test.runIf(findIsolation().command.length > 0)(
    'ends with its parent, also in an endless loop',
    async () => {
      const parent = spawn(process.execPath, [
        '--input-type=module',
        '--eval',
        `import { loadConfined } from ${JSON.stringify(compiled.replace('model-process', 'confined-model'))};
        const source = { path: ${JSON.stringify(join(folder, 'endless'))}, folder: ${JSON.stringify(folder)}, name: 'it' };
        loadConfined('onnx', source, ${JSON.stringify(probe)});`,
      ]);
      await vi.waitFor(() => expect(descendants(parent.pid!)).not.toEqual([]), 30_000);
      await vi.waitFor(() => expect(running(probe)).not.toEqual([]), 30_000);
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      await vi.waitFor(() => expect(running(probe)).toEqual([]), 30_000);
    },
  );
});

/** Lists the processes that run a script, by their command lines. */
function running(script: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words[1] === script && words[0] === process.execPath;
    } catch {
      return false; // It has ended.
    }
  });
}

function isOwn(pid: string): boolean {
  try {
    let at = Number(pid);
    while (at > 1 && at !== process.pid) {
      const status = readFileSync(`/proc/${at}/status`, 'utf8');
      at = Number(/^PPid:\s+(\d+)$/m.exec(status)![1]);
    }
    return at === process.pid;
  } catch {
    return false; // It has ended.
  }
}

function descendants(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ');
}

describe.runIf(process.platform === 'linux')('the process of a model that was disposed of', () => {
  // Compiled code starts processes; sources do not.
  const { loadModelFile, withModelProcess } = kept;
  const kind = { name: 'onnx', load: () => expect.fail('it was loaded in this process') };
  const source = (model: string, file = 'model.onnx') => {
    const path = join(fixtures, model, file);
    return { path, folder: join(fixtures, model), name: model };
  };
  const first = source('onnx-nchw-logits');
  // Other test files may start models at the same time.
  const pids = () => running(compiled).filter(isOwn);
  const feed = { shape: [2, 3, 8, 8], values: new Float32Array(2 * 192) };
  const runs = async ({ run, inputs, outputs }: LoadedModel) =>
    (await run([{ ...feed, name: inputs[0]!.name }], [outputs[0]!.name]))[0]!.shape;

  afterEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const last = await loadModelFile(kind, first);
    last.dispose();
    vi.advanceTimersByTime(5_000);
    vi.useRealTimers();
    await vi.waitFor(() => expect(pids()).toEqual([]), 30_000);
  });

  test('loads the same model again, once', async () => {
    const model = await loadModelFile(kind, first);
    const pid = pids();
    expect(pid).toHaveLength(1);
    model.dispose();
    const again = await loadModelFile(kind, first);
    expect(pids()).toEqual(pid);
    // The former owner has no say in it any more.
    model.dispose();
    const other = await loadModelFile(kind, first);
    expect(pids()).toHaveLength(2);
    expect(await runs(again)).toEqual(await runs(other));
    again.dispose();
    other.dispose();
    await vi.waitFor(() => expect(pids()).toHaveLength(1), 30_000);
  });

  test('is started before it is needed, for one model', async () => {
    const model = await withModelProcess('onnx', async () => {
      await vi.waitFor(() => expect(pids()).toHaveLength(1), 30_000);
      const early = pids();
      const loaded = await loadModelFile(kind, first);
      expect(pids()).toEqual(early);
      return loaded;
    });
    expect(await runs(model)).toHaveLength(2);
    model.dispose();
  });

  test.each(['onnx', undefined, 'noSuchKind'])(
    'ends if it was started early and no model was loaded: %s',
    async (name) => {
      const before = descendants(process.pid);
      const work = withModelProcess(name, async () => {
        await vi.waitFor(() => expect(pids()).toHaveLength(1), 30_000);
        throw new Error('the plan is refused');
      });
      await expect(work).rejects.toThrow('the plan is refused');
      await vi.waitFor(() => expect(descendants(process.pid)).toEqual(before), 30_000);
    },
  );

  test('is started again if it ended before its model was loaded', async () => {
    const before = descendants(process.pid);
    const model = await withModelProcess('onnx', async () => {
      await vi.waitFor(() => expect(pids()).toHaveLength(1), 30_000);
      process.kill(Number(pids()[0]), 'SIGKILL');
      await vi.waitFor(() => expect(descendants(process.pid)).toEqual(before), 30_000);
      return loadModelFile(kind, first);
    });
    expect(await runs(model)).toHaveLength(2);
    model.dispose();
  });

  test('ends before another model is loaded', async () => {
    const model = await loadModelFile(kind, first);
    const pid = pids();
    model.dispose();
    const other = await loadModelFile(kind, source('onnx-scikit-learn'));
    await vi.waitFor(() => expect(pids()).toHaveLength(1), 30_000);
    expect(pids()).not.toEqual(pid);
    other.dispose();
  });

  test('starts again if it ended while it was idle', async () => {
    const before = descendants(process.pid);
    const model = await loadModelFile(kind, first);
    for (const _ of ['once', 'again']) {
      process.kill(Number(pids()[0]), 'SIGKILL');
      // The programs that isolate the process end after it.
      await vi.waitFor(() => expect(descendants(process.pid)).toEqual(before), 30_000);
      expect(await runs(model)).toHaveLength(2);
      expect(pids()).toHaveLength(1);
    }
    model.dispose();
  });
});

describe('a model in it', () => {
  const local = (name: string, file: string) => ({
    ...{ path: join(fixtures, name, file), folder: join(fixtures, name) },
    name: `the model ${name}`,
  });

  test.each([compiled, bundled])('answers as in this process: ONNX, %#', async (script) => {
    const source = local('onnx-nchw-logits', 'model.onnx');
    const confined = await loadConfined('onnx', source, script);
    const direct = await loadOnnx(source.path, 'it');
    expect(confined.inputs).toEqual(direct.inputs);
    expect(confined.outputs).toEqual(direct.outputs);
    const values = Float32Array.from({ length: 2 * 192 }, (_, index) => Math.sin(index));
    const feeds = [{ name: direct.inputs[0]!.name, shape: [2, 3, 8, 8], values }];
    const names = [direct.outputs[0]!.name];
    // Calls wait for one another.
    const answers = await Promise.all([confined.run(feeds, names), confined.run(feeds, names)]);
    const expected = await direct.run(feeds, names);
    for (const answer of answers) expect(answer).toEqual(expected);
    // A large batch goes through a file; a smaller one after it has its own numbers.
    const many = Float32Array.from({ length: 600 * 192 }, (_, index) => Math.cos(index));
    const large = [{ ...feeds[0]!, shape: [600, 3, 8, 8], values: many }];
    const both = await Promise.all([confined.run(large, names), confined.run(feeds, names)]);
    expect(both).toEqual([await direct.run(large, names), expected]);
    await expect(confined.run(feeds, ['missing'])).rejects.toThrow('missing');
    expect(await confined.run(feeds, names)).toEqual(expected);
    confined.dispose();
    direct.dispose();
  });

  test('answers with a tensor inside its graph, with weights in another file', async () => {
    const source = local('onnx-nhwc-external-data', 'model.onnx');
    const confined = await loadConfined('onnx', { ...source, inner: ['logits'] }, compiled);
    const values = Float32Array.from({ length: 2 * 64 }, (_, index) => Math.sin(index));
    const feeds = [{ name: 'image', shape: [2, 8, 8, 1], values }];
    const [probabilities, logits] = await confined.run(feeds, ['probabilities', 'logits']);
    confined.dispose();
    const powers = Array.from(logits!.values as Float32Array, Math.exp);
    const [, classes] = logits!.shape as [number, number];
    const softmax = powers.map((power, index) => {
      const start = index - (index % classes);
      return power / sum(powers.slice(start, start + classes));
    });
    for (const [index, expected] of softmax.entries()) {
      expect(probabilities!.values[index]).toBeCloseTo(expected, 5);
    }
    expect(readdirSync(source.folder)).not.toContainEqual(
      expect.stringMatching(/^model.onnx\.[^d]/),
    );
  });

  test('answers as in this process: SavedModel', async () => {
    const source = local('saved-model-keras/model', 'saved_model.pb');
    const confined = await loadConfined('savedModel', source, compiled);
    const direct = await loadSavedModel(source.folder, 'it');
    expect(confined.outputs).toEqual(direct.outputs);
    const values = Float32Array.from({ length: 128 }, (_, index) => Math.sin(index));
    const feeds = [{ name: direct.inputs[0]!.name, shape: [2, 8, 8, 1], values }];
    const names = [direct.outputs[0]!.name];
    expect(await confined.run(feeds, names)).toEqual(await direct.run(feeds, names));
    confined.dispose();
    direct.dispose();
  });

  test('is refused with the message of the check', async () => {
    await writeFile(join(folder, 'saved_model.pb'), writesAtLoad(join(folder, 'canary'), 'x'));
    const source = { path: join(folder, 'saved_model.pb'), folder, name: 'the SavedModel a' };
    expect(await refusal(loadConfined('savedModel', source, compiled))).toContain("'WriteFile'");
    expect(readdirSync(folder)).toEqual(['saved_model.pb']);
  });

  test('is killed if a size that it computes takes too much memory', async () => {
    const model = onnxModel({
      nodes: [
        onnxNode({ operator: 'Mul', inputs: ['a', 'a'], outputs: ['size'] }),
        onnxNode({ operator: 'ConstantOfShape', inputs: ['size'], outputs: ['zeros'] }),
        onnxNode({ operator: 'Add', inputs: ['zeros', 'x'], outputs: ['y'] }),
      ],
      weights: [int64Tensor('a', [1], [25_000])],
      inputs: [onnxPort('x', [1])],
      outputs: [onnxPort('y', ['n'])],
    });
    await writeFile(join(folder, 'model.onnx'), model);
    const source = { path: join(folder, 'model.onnx'), folder, name: 'the ONNX model a' };
    const memoryBytes = 600 * 2 ** 20;
    const loading = async () => {
      const loaded = await loadConfined('onnx', source, compiled, { ...limits, memoryBytes });
      const feeds = [{ name: 'x', shape: [1], values: new Float32Array(1) }];
      return loaded.run(feeds, ['y']).finally(() => loaded.dispose());
    };
    expect(await refusal(loading())).toMatch(
      /^the ONNX model a was stopped: it took .* of memory, and the limit is 600 MiB$/,
    );
  });
});
