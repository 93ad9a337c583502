import { readFileSync, readlinkSync } from 'node:fs';
import { readFile, readlink, rm, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { TransientError, UserError } from '../errors.ts';

/**
 * The sole right, among all processes of a machine, to replace one version of one file.
 *
 * Node has no flock, and a plain lock file is stuck after `kill -9`: whoever removes a stale one may
 * remove a fresh one that was made in between. Here nobody ever removes the claim of another. The
 * claims to one version are numbered symbolic links (made atomically, with the owner as their
 * target): the first process makes number 0; when the owner of number n is dead, number n + 1 may be
 * made, which one process alone can do. The links of a version are removed only when that version
 * has been replaced, and then a late claim to it is worth nothing: its owner looks at the file once
 * more, finds another version, and withdraws. That needs versions that never come back.
 */
export interface Claim {
  /** Nothing was replaced: the next may claim. */
  withdraw(): Promise<void>;
  /** The version was replaced: removes all claims to it. */
  finish(): Promise<void>;
}

/** A replacement takes milliseconds. An owner that lives, and takes longer than this, is stuck. */
const patienceMs = 30_000;

/**
 * Waits for the claim to the version that `name` stands for.
 *
 * @param name Path that the claims' names start with; its folder exists.
 * @param isWanted Whether the version is still the current one; asked while waiting.
 * @returns undefined when the version has gone while waiting.
 * @throws TransientError when another process has held the claim for `waitMs`; UserError when that
 *   process runs on another machine, where nobody here can tell whether it still lives.
 */
export async function claim(
  name: string,
  isWanted: () => Promise<boolean>,
  waitMs = patienceMs,
): Promise<Claim | undefined> {
  const self = owner();
  const deadlineMs = performance.now() + waitMs;
  for (let n = 0; ; ) {
    const path = `${name}.${n}`;
    if (await makeLink(self, path)) return claimed(name, n);
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    const state = await stateOf(holder);
    if (state === 'dead') {
      n++;
      continue;
    }
    if (!(await isWanted())) return undefined;
    if (performance.now() > deadlineMs) throw stuck(path, state);
    await delay(1 + Math.random() * 9);
  }
}

function claimed(name: string, last: number): Claim {
  return {
    withdraw: () => rm(`${name}.${last}`, { force: true }),
    async finish() {
      for (let n = last; n >= 0; n--) await rm(`${name}.${n}`, { force: true });
    },
  };
}

async function makeLink(target: string, path: string): Promise<boolean> {
  try {
    await symlink(target, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function stuck(path: string, state: 'alive' | 'elsewhere'): Error {
  return state === 'alive'
    ? new TransientError(`another process has been writing for too long; its claim is ${path}`)
    : new UserError(
        `a process on another machine has claimed a file here, and may be gone: ${path}`,
        `When nothing else uses this folder, remove it and run again: rm '${path}'`,
      );
}

/** Machine, process id and start time: a process id alone is used again, and so is a host name. */
function owner(): string {
  return `${machine()} ${process.pid} ${startTime(statusSync())}`;
}

/** The boot and the namespace that process ids count in; the host's name where there is no /proc. */
function machine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

async function stateOf(holder: string): Promise<'alive' | 'dead' | 'elsewhere'> {
  const [host, pid, started] = holder.split(' ');
  if (host !== machine()) return 'elsewhere';
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    // EPERM: another user's process, alive.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead';
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (status === undefined) return 'alive';
  const isZombie = fields(status)[0] === 'Z';
  return isZombie || startTime(status) !== started ? 'dead' : 'alive';
}

function statusSync(): string {
  try {
    return readFileSync('/proc/self/stat', 'utf8');
  } catch {
    return '';
  }
}

/** Field 22 of /proc/PID/stat (man 5 proc_pid_stat); empty where there is no /proc. */
function startTime(status: string): string {
  return fields(status)[19] ?? '';
}

/** The fields from the third on, the process state: the second, a name, may hold spaces. */
function fields(status: string): string[] {
  return status.slice(status.lastIndexOf(')') + 2).split(' ');
}
