/** Limits of a process that runs a model of a user. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** Limits of a model; those of time are generous, because a machine may be slow. */
export interface ModelLimits {
  readonly loadMs: number;
  /** Time of one call, of a batch. */
  readonly callMs: number;
  readonly memoryBytes: number;
  /** Interval at which the memory is measured, in ms. */
  readonly everyMs: number;
}

/** Share of a machine's memory that models and trainings may take. */
export const machineShare = 0.8;

/** Returns the memory of the machine, or of the container, in bytes. */
export function machineMemory(): number {
  // 0 or undefined without a limit.
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

export function modelLimits(): ModelLimits {
  return {
    loadMs: 5 * 60_000,
    callMs: 10 * 60_000,
    memoryBytes: machineShare * machineMemory(),
    everyMs: process.platform === 'linux' ? 200 : 1000,
  };
}

/**
 * Measures the memory of a process and of its children, in bytes.
 * @returns undefined if the process has ended, or the system does not tell it.
 */
export function residentBytes(pid: number): number | undefined {
  try {
    if (process.platform === 'linux') return residentOnLinux(pid);
    if (process.platform !== 'darwin') return undefined;
    const text = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
    return Number(text) * 1024;
  } catch {
    return undefined; // It has ended.
  }
}

function residentOnLinux(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = [...status.matchAll(/^Vm(?:RSS|Swap):\s+(\d+) kB$/gm)].map(([, n]) =>
    Number(n),
  );
  let bytes = 1024 * kilobytes.reduce((all, one) => all + one, 0);
  // Programs that isolate a process have one thread, and start it as their child.
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  for (const child of children === '' ? [] : children.split(' ')) {
    bytes += residentOnLinux(Number(child));
  }
  return bytes;
}
