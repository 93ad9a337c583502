import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { writeTextStudent } from '../support/students.ts';

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'counterweight-cli-'));
/** The compiled command, beside its package.json as in an installed package. */
const compiled = join(root, 'dist/src');
const command = join(compiled, 'cli/main.js');

afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function counterweight(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  try {
    const options = { env: { ...process.env, ...env } };
    return { code: 0, ...(await execute(process.execPath, [command, ...args], options)) };
  } catch (error) {
    // execFile rejects with an error that also has what was printed.
    const { code, stdout, stderr } = error as ExecFileException & Outcome;
    return { code, stdout, stderr };
  }
}

/** A CSV dataset of two classes. */
function dataset(name: string): string {
  const data = join(folder, name);
  mkdirSync(join(data, 'labeled'), { recursive: true });
  writeFileSync(join(data, 'labeled/a.csv'), 'id,size,label\n1,2.5,cat\n2,3.5,dog\n3,1,cat\n');
  return data;
}

describe('counterweight', () => {
  test('--version is that of package.json', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(await counterweight(['--version'])).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
  });

  test('complete prints a script with which bash completes commands and options', async () => {
    const { stdout } = await counterweight(['complete', 'bash']);
    const complete = async (...words: string[]) => {
      const typed = `COMP_WORDS=(counterweight ${words.join(' ')}); COMP_CWORD=${words.length}`;
      const script = `${stdout}\n${typed}; _counterweight; echo "\${COMPREPLY[@]}"`;
      return (await execute('bash', ['-c', script])).stdout.trim();
    };
    expect(await complete('ru')).toBe('run runs');
    expect(await complete('plan', '--r')).toBe('--results');
    expect(await complete('plan', 'my')).toBe('');
  });

  test('--help lists the commands and loads none of the large packages', async () => {
    const coverage = join(folder, 'coverage');
    const { code, stdout } = await counterweight(['--help'], { NODE_V8_COVERAGE: coverage });
    expect(code).toBe(0);
    for (const name of ['init', 'plan', 'run', 'doctor']) expect(stdout).toContain(` ${name}  `);
    const files = readdirSync(coverage).map((file) => readFileSync(join(coverage, file), 'utf8'));
    expect(files.join()).toContain('/citty/');
    expect(files.join()).not.toMatch(
      /node_modules\/(@tensorflow|@aws-sdk|zod|yaml|sharp|hyparquet)/,
    );
  });

  test('--help of a command lists its arguments', async () => {
    const { code, stdout } = await counterweight(['run', '--help']);
    expect(code).toBe(0);
    for (const word of ['DATASET', '--results', '--workers', '--json'])
      expect(stdout).toContain(word);
  });

  test.each([
    [[], 'Which command? init, plan, run, label, predict, add-labels, '],
    [['rnu'], 'Unknown command "rnu". Did you mean run?'],
    [['run', 'a', '--wokers=3'], 'Unknown option "--wokers". Did you mean --workers?'],
    [['run'], 'Missing required positional argument: DATASET'],
  ])('a wrong call, %j, exits with 2 and the usage', async (args, message) => {
    const { code, stdout, stderr } = await counterweight(args);
    expect(code).toBe(2);
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toContain('usage: counterweight ');
    expect(stdout).toBe('');
  });
});

describe('init', () => {
  test('writes a config that parses, and names the next command', async () => {
    const data = dataset('init');
    const { code, stdout } = await counterweight(['init', data]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Next: counterweight plan ${data}\n`);
    const config = parseConfig(readFileSync(join(data, 'distill.yaml'), 'utf8'), 'distill.yaml');
    expect(config.task).toMatchObject({ classes: ['cat', 'dog'], target: 'label' });
  });

  test('never overwrites', async () => {
    const data = dataset('again');
    writeFileSync(join(data, 'distill.yaml'), 'mine');
    const { code, stderr } = await counterweight(['init', data]);
    expect(code).toBe(1);
    expect(stderr).toContain('distill.yaml exists already, and init never overwrites it.');
    expect(readFileSync(join(data, 'distill.yaml'), 'utf8')).toBe('mine');
  });

  test('--json prints JSON alone', async () => {
    const { stdout, stderr } = await counterweight(['init', dataset('json'), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ config: { data: { format: 'csv' } } });
    expect(stderr).toBe('');
  });
});

test('predict reads rows from a pipe, and ends quietly when its reader does', async () => {
  const student = join(folder, 'student');
  await writeTextStudent(student);
  const child = spawn(process.execPath, [command, 'predict', student, '-', '--as', 'jsonl']);
  const [exit, stderr] = [once(child, 'exit'), text(child.stderr)];
  // The reader ends after the first predictions.
  child.stdout.once('data', () => child.stdout.destroy());
  child.stdin.on('error', () => {});
  child.stdin.end('{"id":"a","text":"a fine day"}\n'.repeat(20_000));
  expect(await exit).toEqual([0, null]);
  expect(await stderr).toBe('');
});

test('predict ends after an error, also if the writer of its input does not', async () => {
  const student = join(folder, 'student');
  await writeTextStudent(student);
  const child = spawn(process.execPath, [command, 'predict', student, '-', join(folder, 'none')]);
  onTestFinished(() => void child.kill());
  const [exit, stderr] = [once(child, 'exit'), text(child.stderr)];
  child.stdin.write('text\na fine day\n');
  expect(await exit).toEqual([1, null]);
  expect(await stderr).toContain('none does not exist');
});

test('a wrong config exits with 1 and no stack', async () => {
  const data = dataset('wrong');
  writeFileSync(join(data, 'distill.yaml'), 'task: 3\n');
  const { code, stderr } = await counterweight([
    'plan',
    data,
    '--results',
    join(folder, 'results'),
  ]);
  expect(code).toBe(1);
  expect(stderr).toContain('distill.yaml has ');
  expect(stderr).toContain('line 1: task: expected a section');
  expect(stderr).not.toMatch(/^ +at /m);
});

describe('an interrupted task', () => {
  /** Runs a task that waits until it is aborted, and `atAbort` then. */
  async function interrupted(atAbort: string, signals: number) {
    const url = (file: string) => JSON.stringify(pathToFileURL(join(compiled, file)));
    const script = `
      import { interruptible } from ${url('cli/interrupt.js')};
      import { reportFailure } from ${url('cli/failure.js')};
      import { InterruptedError } from ${url('errors.js')};
      const waiting = setInterval(() => {}, 1000);
      try {
        await interruptible(process.stderr, (signal) => new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => { console.log('aborted'); ${atAbort} });
          console.log('ready');
        }));
      } catch (error) {
        clearInterval(waiting);
        process.exitCode = reportFailure(error, process.stderr, '');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const exit = once(child, 'exit');
    const stderr = text(child.stderr);
    for (let sent = 0; sent < signals; sent++) {
      await once(child.stdout, 'data'); // "ready", then "aborted"
      child.kill('SIGINT');
    }
    const [code] = await exit;
    return { code, stderr: await stderr };
  }

  test('stops cleanly at the first Ctrl-C', async () => {
    const { code, stderr } = await interrupted('reject(new InterruptedError("stopped"));', 1);
    expect(code).toBe(130);
    expect(stderr).toContain('Stopping; finished work is kept.');
    expect(stderr).toContain('Stopped. Run the same command again to resume.');
  });

  test('ends at once at the second', async () => {
    const { code, stderr } = await interrupted('', 2);
    expect(code).toBe(130);
    expect(stderr).not.toContain('to resume');
  });
});
