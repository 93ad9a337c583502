import { readFileSync, readlinkSync } from 'node:fs';
import { readFile, readlink, rm, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { TransientError, UserError } from '../errors.ts';
import { removalOf } from './removal.ts';

/**
 * The sole right, among all processes of a machine, to replace one version of one file.
 *
 * Node has no flock, and a plain lock file stays after `kill -9`. A process that removes such a
 * stale lock may remove a fresh lock made in between. Here no process ever removes the claim of
 * another. The claims to one version are numbered symbolic links, made atomically, with the owner
 * as their target. The first process makes number 0. If the owner of number n is dead, number n + 1
 * may be made, and only one process succeeds. The links of a version are removed only when that
 * version has been replaced. A later claim to it is then harmless: its owner looks at the file
 * again, finds another version, and withdraws. This works because a version never comes back.
 */
export interface Claim {
  /** Gives up the claim: nothing was replaced, and another process may claim the version. */
  withdraw(): Promise<void>;
  /** Removes all claims to the version, which was replaced. */
  finish(): Promise<void>;
}

/** Time after which a living owner counts as stuck; a replacement takes milliseconds. */
const patienceMs = 30_000;

/**
 * Waits for the claim to a version of a file.
 *
 * @param name Start of the path of the version's claims; its folder exists.
 * @param isWanted Returns whether the version is still current; called while waiting.
 * @returns undefined if the version was replaced while waiting.
 * @throws TransientError if another process has held the claim for `waitMs`; UserError if that
 *   process runs on another machine, where its state is unknown.
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
        `If no other program uses this folder, remove the claim and run again: ${removalOf(path)}`,
      );
}

/** Returns machine, process id and start time, because process ids and host names are reused. */
function owner(): string {
  return `${machine()} ${process.pid} ${startTime(statusSync())}`;
}

/** Returns the boot and the namespace of process ids; without /proc, the host's name. */
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

/** Returns field 22 of /proc/PID/stat (man 5 proc_pid_stat); empty without /proc. */
function startTime(status: string): string {
  return fields(status)[19] ?? '';
}

/**
 * Returns the fields from the third, the process state, on. The second, a name, may contain spaces.
 */
function fields(status: string): string[] {
  return status.slice(status.lastIndexOf(')') + 2).split(' ');
}
