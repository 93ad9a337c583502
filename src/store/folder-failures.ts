import { StoreError, UserError } from '../errors.ts';

/** Converts a file system error to a StoreError or a UserError if the user can fix its cause. */
export function explainFileError(error: unknown, path: string): unknown {
  switch (systemCode(error)) {
    case 'EISDIR':
    case 'ENOTDIR':
    case 'EEXIST':
      return takenError(path);
    case 'EACCES':
    case 'EPERM':
      return new StoreError(
        `no permission for ${path} (${String(error)})`,
        'Check who owns it and the folders above, and that its file system has links.',
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new StoreError(
        `the disk is full: ${path} was not written`,
        'Free some space and run again: finished work is kept.',
      );
    case 'EROFS':
      return new StoreError(
        `${path} cannot be written: its file system is read-only`,
        'Choose another folder for results.',
      );
    default:
      return error;
  }
}

export function takenError(path: string): UserError {
  return new UserError(
    `${path} cannot be written: it is a folder, or a folder above it is a file`,
    'A folder cannot hold both "a" and "a/b": rename one of them.',
  );
}

export function notUnicodeError(path: string): UserError {
  return new UserError(
    `the name of a file is not valid UTF-8: ${path}`,
    'Rename the file, then run again.',
  );
}

/** Returns whether a path does not exist. ELOOP: it is a link to itself. */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '');
}

/** Returns the code of a failed system call, such as "EEXIST". */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
