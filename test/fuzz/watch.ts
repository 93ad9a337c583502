/** Runs `child.ts`, and sees an input that does not return or ends the process. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** Maximum time of an input on a processor, in s. */
export const limitSeconds = 5;

/** Interval between looks at the processor time, in ms. */
const lookMs = 250;

const resultSchema = z.object({ error: z.string().optional(), peakMiB: z.number() });

export type Finding = 'hang' | 'crash' | 'exception';

/** Result of one input. */
export interface Outcome {
  readonly seed: string;
  readonly finding?: Finding;
  readonly text?: string;
  /** Peak memory of the process so far, if it is alive. */
  readonly peakMiB?: number;
}

/**
 * Runs inputs in a process of their own.
 * @param args Arguments of `child.ts`.
 * @throws Error if the process does not start.
 */
export async function watch(
  args: readonly string[],
  onOutcome: (outcome: Outcome) => void,
): Promise<void> {
  const program = path.join(import.meta.dirname, 'child.js');
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let running: { readonly seed: string; readonly cpu: number } | undefined;
  let hangs = false;
  let last = '';
  child.stderr.on('data', (data: Buffer) => {
    last = `${last}${data}`.slice(-2_000);
  });
  const timer = setInterval(() => {
    if (running === undefined || cpuSeconds(child.pid!) - running.cpu < limitSeconds) return;
    hangs = true;
    child.kill('SIGKILL');
  }, lookMs);
  try {
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('start ')) {
        running = { seed: line.slice(6), cpu: cpuSeconds(child.pid!) };
      } else if (running !== undefined) {
        const { error, peakMiB } = resultSchema.parse(JSON.parse(line));
        const finding = error === undefined ? {} : { finding: 'exception' as const, text: error };
        onOutcome({ seed: running.seed, peakMiB, ...finding });
        running = undefined;
      }
    }
    const code = await ended;
    if (running === undefined) {
      if (code !== 0) throw new Error(`The reader does not start: ${last}`);
      return;
    }
    const { seed } = running;
    if (hangs) onOutcome({ seed, finding: 'hang', text: `more than ${limitSeconds} s` });
    else onOutcome({ seed, finding: 'crash', text: `exit code ${code} ${last}` });
  } finally {
    clearInterval(timer);
  }
}

/** Returns the time that a process has had on a processor; without /proc, the time of day. */
function cpuSeconds(pid: number): number {
  try {
    // The name of the program, in brackets, may have spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return performance.now() / 1000;
  }
}
