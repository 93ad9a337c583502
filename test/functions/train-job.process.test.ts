/** The program of the trainer's container, run as the process that it is there. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { keys } from '../../src/run/keys.ts';
import { startMetadataServer } from './metadata-server.ts';
import { makeTrainedRun } from './trained-run.ts';

const program = fileURLToPath(new URL('../../dist/functions/train-job.js', import.meta.url));
/** Address without a server, as for a job that does not run on EC2. */
const nowhere = 'http://127.0.0.1:9';

interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** A job under way. */
class Job {
  readonly lines: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(env: Record<string, string>) {
    const { PATH, HOME } = process.env;
    this.#child = spawn(process.execPath, [program], {
      // The AWS SDK warns of Node 20, which the image does not have.
      env: {
        PATH,
        HOME,
        NODE_NO_WARNINGS: '1',
        AWS_EC2_METADATA_SERVICE_ENDPOINT: nowhere,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      // Everything that a job writes is a line of JSON.
      createInterface({ input: stream! }).on('line', (line) => {
        this.lines.push(JSON.parse(line));
        this.#child.emit('logged');
      });
    }
    this.#ended = once(this.#child, 'close').then(([code]) => code);
    onTestFinished(() => {
      this.#child.kill('SIGKILL');
    });
  }

  /** Until it has done a step. */
  async untilTraining(): Promise<void> {
    while (!this.lines.some(({ message }) => message === 'Steps')) {
      await Promise.race([once(this.#child, 'logged'), this.#ended]);
      if (this.#child.exitCode !== null) throw new Error(JSON.stringify(this.lines));
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal to the process that trains. */
  killWorker(signal: NodeJS.Signals): void {
    const pids = execFileSync('pgrep', ['-P', String(this.#child.pid)], { encoding: 'utf8' });
    process.kill(Number(pids.trim()), signal);
  }

  /** Its exit code. */
  end(): Promise<number | null> {
    return this.#ended;
  }
}

const whole = await makeTrainedRun();

/** The same run before its student was trained, with the environment of its job. */
function beforeTraining() {
  const results = whole.without(whole.student);
  const env = { RUN: whole.run, DATASET: whole.dataset, RESULTS: results, VARIANT: 'weighted' };
  return { results, env };
}

const firstAttempt = { AWS_BATCH_JOB_ID: 'b1946ac9', AWS_BATCH_JOB_ATTEMPT: '1' };

/** The student to the last bit; undefined while there is none. */
function weightsIn(results: string): Buffer | undefined {
  const file = join(results, whole.student, 'weights.bin');
  return existsSync(file) ? readFileSync(file) : undefined;
}

function checkpointsIn(results: string): string[] {
  return readdirSync(join(results, keys.checkpoints(whole.student)));
}

/** Message that an attempt stored, because its log must not contain it. */
function messageIn(results: string, attempt: string, run = whole.run): string {
  return JSON.parse(readFileSync(join(results, keys.thrown(run, attempt)), 'utf8')).message;
}

/** Use of the jobs, from the keys of the records. */
function usagesIn(results: string): string[] {
  const records = join(results, 'runs', whole.run, 'usage', 'Train');
  if (!existsSync(records)) return [];
  const keys = readdirSync(records, { recursive: true, encoding: 'utf8' });
  // The run that began on this machine has records of its own.
  return keys.filter((key) => key.includes('/') && !key.startsWith('local/')).sort();
}

describe("the GPU trainer's program", () => {
  test('stopped, keeps a checkpoint, and the next attempt ends with the same student', async () => {
    const { results, env } = beforeTraining();
    const first = new Job(env);
    await first.untilTraining();
    first.kill('SIGTERM');
    expect(await first.end()).toBe(75);
    expect(weightsIn(results)).toBeUndefined();
    expect(checkpointsIn(results)).toContain('LATEST');
    expect(first.lines.at(-1)).toMatchObject({
      task: 'Train',
      run: whole.run,
      variant: 'weighted',
      errorType: 'InterruptedError',
      errorMessage: expect.stringMatching(/^Train: stopped after step [1-9]\d*; .* is kept$/),
    });

    const second = new Job(env);
    expect(await second.end()).toBe(0);
    expect(weightsIn(results)).toEqual(weightsIn(whole.results));
    expect(second.lines.filter(({ level }) => level !== 'INFO')).toEqual([]);
    // Without an instance there is nothing that could be billed.
    expect(usagesIn(results)).toEqual([]);
  });

  test('on a Spot instance that AWS takes back, does so too, and stays until it is gone', async () => {
    const { results, env } = beforeTraining();
    const spot = await startMetadataServer({
      'instance-type': 'g6.xlarge',
      'instance-life-cycle': 'spot',
    });
    const batch = {
      AWS_BATCH_JOB_ID: 'b1946ac9',
      AWS_EC2_METADATA_SERVICE_ENDPOINT: spot.endpoint,
    };
    const first = new Job({ ...env, ...batch, AWS_BATCH_JOB_ATTEMPT: '1' });
    await first.untilTraining();
    first.killWorker('SIGSTOP'); // So that the notice comes in the middle, however fast it trains.
    const at = new Date(Date.now() + 10_000);
    await spot.serve(
      'spot/instance-action',
      JSON.stringify({ action: 'terminate', time: at.toISOString() }),
    );
    first.killWorker('SIGCONT');
    expect(await first.end()).toBe(75);
    expect(Date.now()).toBeGreaterThanOrEqual(at.getTime());
    expect(weightsIn(results)).toBeUndefined();
    expect(checkpointsIn(results)).toContain('LATEST');

    const other = await startMetadataServer({
      'instance-type': 'g5.2xlarge',
      'instance-life-cycle': 'on-demand',
    });
    const more = { AWS_EC2_METADATA_SERVICE_ENDPOINT: other.endpoint, AWS_BATCH_JOB_ATTEMPT: '2' };
    expect(await new Job({ ...env, ...batch, ...more }).end()).toBe(0);
    expect(weightsIn(results)).toEqual(weightsIn(whole.results));
    expect(usagesIn(results)).toEqual([
      expect.stringMatching(/^g5\.2xlarge-ondemand\/\d+-b1946ac9\.2$/),
      expect.stringMatching(/^g6\.xlarge-spot\/\d+-b1946ac9\.1$/),
    ]);
  });

  test('ends a training that hangs, and asks for another attempt', async () => {
    const { env, results } = beforeTraining();
    const job = new Job({ ...env, ...firstAttempt, STALL_MINUTES: '0.4' });
    await job.untilTraining();
    job.killWorker('SIGSTOP');
    expect(await job.end()).toBe(75);
    expect(job.lines.at(-1)).toMatchObject({
      level: 'WARN',
      errorType: 'TransientError',
      errorMessage: `Train: the message is in ${keys.thrown(whole.run, 'b1946ac9.1')}`,
    });
    const message = messageIn(results, 'b1946ac9.1');
    expect(message).toBe('Train: the training made no step for 0.4 minutes');
  });

  test('fails when the process that trains dies, with the reason and what to do', async () => {
    const { env, results } = beforeTraining();
    const job = new Job({ ...env, ...firstAttempt });
    await job.untilTraining();
    job.killWorker('SIGKILL');
    expect(await job.end()).toBe(1);
    const message = messageIn(results, 'b1946ac9.1');
    expect(message).toBe(
      'Train: the worker process ended early (SIGKILL): the system does this if memory is short' +
        '\n\nStart the run again: it continues from the last checkpoint. A smaller batchSize in ' +
        'distill.yaml needs less memory; it makes a new run, which reuses the labels.',
    );
    expect(JSON.stringify(job.lines)).not.toContain('ended early');
  });

  test('names the missing variables of its environment, and their source', async () => {
    const job = new Job({ DATASET: whole.dataset, RESULTS: whole.results, VARIANT: '' });
    expect(await job.end()).toBe(1);
    expect(job.lines).toEqual([
      expect.objectContaining({
        level: 'ERROR',
        errorType: 'UserError',
        errorMessage: expect.stringMatching(/: RUN, VARIANT\n\nAWS Batch sets RUN, DATASET/),
      }),
    ]);
  });

  test('needs a region for locations in S3', async () => {
    const job = new Job({ RUN: 'a', DATASET: 's3://data/a', RESULTS: 's3://b', VARIANT: 'plain' });
    expect(await job.end()).toBe(1);
    expect(job.lines.at(-1)?.errorMessage).toMatch(
      /missing or wrong: AWS_REGION\n\nAWS Batch sets/,
    );
  });

  test("reports a user's mistake without a stack trace", async () => {
    const { env, results } = beforeTraining();
    const job = new Job({ ...env, ...firstAttempt, RUN: 'csv-gone' });
    expect(await job.end()).toBe(1);
    const last = job.lines.at(-1);
    expect(last).toMatchObject({ errorType: 'UserError', run: 'csv-gone' });
    expect(messageIn(results, 'b1946ac9.1', 'csv-gone')).toMatch(/runs\/csv-gone\/plan\.json/);
    expect(last).not.toHaveProperty('stackTrace');
  });

  test('asks for another attempt when the store does not answer', async () => {
    const { env } = beforeTraining();
    const job = new Job({
      ...env,
      RESULTS: 's3://results',
      AWS_ENDPOINT_URL: nowhere,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    expect(await job.end()).toBe(75);
    expect(job.lines.at(-1)).toMatchObject({ errorType: 'TransientError' });
  });
});
