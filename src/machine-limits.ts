/** Errors of a machine that is short of something: memory, disk, open files. */
import { UserError } from './errors.ts';

/** Limit of a machine, with what the user can do about it. */
interface MachineLimit {
  /** Codes of Node and of the system. */
  readonly codes: readonly string[];
  /** Pattern of the messages of libraries, which have no code. */
  readonly pattern?: RegExp;
  readonly what: string;
  /** Advice, as sentences. */
  readonly hint: string;
}

const limits: readonly MachineLimit[] = [
  {
    codes: ['ENOMEM', 'ERR_WORKER_OUT_OF_MEMORY', 'ERR_MEMORY_ALLOCATION_FAILED'],
    pattern:
      /Array buffer allocation failed|OOM when allocating|OUT_OF_MEMORY|bad[_ ]alloc|Failed to allocate memory|out of memory -- size|Insufficient memory \(case/,
    what: 'memory is short',
    hint: 'A smaller batchSize in distill.yaml needs less, and so does --workers 1 on this machine. Then run the same command again: finished work is kept.',
  },
  {
    codes: ['ENOSPC', 'EDQUOT', 'EFBIG'],
    what: 'the disk is full',
    hint: 'Free some space, or set TMPDIR to a folder on another disk. Then run the same command again: finished work is kept.',
  },
  {
    codes: ['EROFS'],
    what: 'a file system is read-only',
    hint: 'Set TMPDIR to a folder that can be written, then run the same command again.',
  },
  {
    codes: ['EIO'],
    what: 'a disk or another device failed',
    hint: 'Check the disks, then run the same command again: finished work is kept.',
  },
  {
    codes: ['EMFILE', 'ENFILE'],
    what: 'too many files are open',
    hint: 'Raise the limit, see: ulimit -n. Then run the same command again: finished work is kept.',
  },
  {
    // Not every EAGAIN: a read from a pipe has it as well.
    codes: [],
    pattern: /^spawn .*EAGAIN|Worker initialization failure/,
    what: 'the system has too many processes',
    hint: 'Raise the limit, see: ulimit -u. Then run the same command again: finished work is kept.',
  },
];

/**
 * Explains an error of Node, of the system or of a native library that a limit of the machine
 * causes. Such an error is not a mistake in the code.
 *
 * @returns undefined for any other error, also for one of `errors.ts`, which has its explanation.
 */
export function explainMachineLimit(error: unknown): UserError | undefined {
  if (!(error instanceof Error) || !['Error', 'RangeError'].includes(error.name)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  const found = limits.find(
    ({ codes, pattern }) => codes.includes(code) || pattern?.test(error.message),
  );
  if (!found) return undefined;
  // An empty line would end the message of a stage.
  const message = error.message.trim().replace(/\n\s*\n/g, '\n');
  return new UserError(`${found.what}: ${message}`, found.hint);
}
