import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { run } from 'counterweight';
import { describe, expect, test } from 'vitest';
import { type Dataset, makeDataset } from '../support/datasets.ts';

const cli = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

/** Point of the interruption: the first time that standard error has this text. */
const moments = ['Plan', 'Train teacher', 'Label', 'Weigh', 'Train', 'Evaluate'];

describe('a run that is cut off and started again ends as an undisturbed one', () => {
  test('killed with all its processes, once in every stage', async () => {
    const options = makeDataset('csv');
    const undisturbed = await outcome({ ...options, results: join(options.results, 'whole') });
    const cut = { ...options, results: join(options.results, 'cut') };
    for (const moment of moments) {
      const child = start(cut);
      await untilSaid(child, moment);
      if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
      if (child.exitCode === null) await once(child, 'exit');
    }
    expect(await outcome(cut)).toEqual(undisturbed);
    // Eight starts of the workflow, one after another.
  }, 600_000);

  test('by Ctrl-C: stops cleanly, prints how to resume, and resumes', async () => {
    const options = makeDataset('csv');
    const child = start(options);
    let said = '';
    child.stderr?.on('data', (text) => {
      said += text;
    });
    await untilSaid(child, 'Train teacher');
    process.kill(-child.pid!, 'SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
    expect(said).toMatch(/same command/);
    expect(existsSync(join(options.results, 'runs'))).toBe(true);
    await outcome(options);
  });
});

/** The command in a process group of its own, as a terminal would start it. */
function start({ dataset, results }: Dataset): ChildProcess {
  const args = [cli, 'run', dataset, '--results', results, '--workers', '2'];
  return spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Until a line of standard error names the stage, or the command ends before that. */
async function untilSaid(child: ChildProcess, stage: string): Promise<void> {
  for await (const line of createInterface({ input: child.stderr! })) {
    if (line.includes(stage)) return;
  }
}

/**
 * Runs to the end, in one worker, where the interrupted run has two. Returns what must not depend
 * on the interruptions: the figures, and the student's bytes.
 */
async function outcome(options: Dataset) {
  const { metrics, student } = await run({ ...options, workers: 1 });
  return { metrics, weights: readFileSync(join(options.results, `${student}weights.bin`)) };
}
