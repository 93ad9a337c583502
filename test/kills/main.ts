/**
 * `npm run kills -- --runs 200`: kills runs with all their processes at random times, runs them
 * again until they are done, and compares every file with that of an undisturbed run. Each fourth
 * run is a training of students alone. `--seed` is that of the first run: with `--runs 1`, it
 * repeats one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/cli/arguments.ts';
import { reportFailure } from '../../src/cli/failure.ts';
import { randomFor } from '../../src/data/random.ts';
import { packageRoot } from '../../src/package-root.ts';
import { copyDataset } from '../support/workflow-dataset.ts';
import { differences, removeStudents } from './results.ts';

const usage = 'npm run kills -- [--runs 200] [--seed 1]';
const cli = path.join(packageRoot, 'dist/src/cli/main.js');

/** Most kills of one run. The next start is never killed. */
const maxKills = 3;

/** Work that is killed and repeated, with its results before the first start. */
interface Task {
  readonly name: string;
  /** Results before the first start; undefined: none. */
  readonly before: string | undefined;
  /** Shortest time so far: other work on the machine may make it longer. */
  undisturbedMs: number;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
    },
  });
  const [runs, first] = [Number(values.runs), Number(values.seed)];
  if (!(runs > 0) || !Number.isSafeInteger(first)) throw new UsageError('Expected numbers.');
  const scratch = await mkdtemp(path.join(tmpdir(), 'counterweight-kills-'));
  try {
    return await killRuns(scratch, first, runs);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function killRuns(scratch: string, first: number, runs: number): Promise<boolean> {
  const dataset = copyDataset(scratch, 'csv');
  const whole = path.join(scratch, 'whole');
  const run: Task = { name: 'run', before: undefined, undisturbedMs: await finish(dataset, whole) };
  const before = path.join(scratch, 'before-students');
  const trained = path.join(scratch, 'trained');
  await cp(whole, before, { recursive: true });
  await removeStudents(before);
  await cp(before, trained, { recursive: true });
  const training: Task = {
    name: 'training',
    before,
    undisturbedMs: await finish(dataset, trained),
  };
  console.log(
    `undisturbed: the run ${run.undisturbedMs} ms, the training ${training.undisturbedMs} ms`,
  );
  let [failed, kills] = [await compared('undisturbed training', whole, trained), 0];
  for (let seed = first; seed < first + runs; seed++) {
    const results = path.join(scratch, `seed-${seed}`);
    const task = seed % 4 === 0 ? training : run;
    if (task.before !== undefined) await cp(task.before, results, { recursive: true });
    const done = await killAndFinish(task, dataset, results, seed);
    kills += done;
    failed += await compared(`seed ${seed} (${task.name}, killed ${done} times)`, whole, results);
    await rm(results, { recursive: true, force: true });
  }
  console.log(
    `${runs} runs (seeds ${first} to ${first + runs - 1}), ${kills} kills: ${failed} differ from the undisturbed run`,
  );
  return failed === 0;
}

/** Kills a task at random times, then finishes it. @returns the number of kills. */
async function killAndFinish(
  task: Task,
  dataset: string,
  results: string,
  seed: number,
): Promise<number> {
  const random = randomFor(seed);
  let kills = 0;
  for (let left = 1 + Math.floor(random() * maxKills); left > 0; left--) {
    const child = start(dataset, results);
    const ended = once(child, 'exit');
    const startedAt = performance.now();
    const lasted = await Promise.race([ended, delay(random() * task.undisturbedMs, 'kill')]);
    if (lasted !== 'kill') {
      if (kills === 0) task.undisturbedMs = performance.now() - startedAt;
      break;
    }
    process.kill(-child.pid!, 'SIGKILL');
    await ended;
    kills++;
  }
  await finish(dataset, results);
  return kills;
}

/** Runs to the end. @returns the time, in ms. @throws Error if the run fails. */
async function finish(dataset: string, results: string): Promise<number> {
  const startedAt = performance.now();
  const child = start(dataset, results);
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said = `${said}${data}`.slice(-2_000);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the run in ${results} failed: ${said}`);
  return Math.round(performance.now() - startedAt);
}

/** Starts the command in a process group of its own. */
function start(dataset: string, results: string) {
  const args = [cli, 'run', dataset, '--results', results, '--workers', '2'];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.resume();
  return child;
}

/** Prints how results differ. @returns 1 if they do. */
async function compared(what: string, whole: string, results: string): Promise<number> {
  const found = await differences(whole, results);
  for (const each of found) console.log(`${what}: ${each}`);
  return found.length === 0 ? 0 : 1;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.exitCode = reportFailure(error, process.stderr, usage);
}
