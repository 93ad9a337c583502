/**
 * Errors that users and the workflow see. `infra/workflow.asl.json` retries and catches errors by
 * their names. Bad *data* throws none of them: the example is quarantined (`Rejected`).
 */

/**
 * The input or the config is wrong. It is never retried. The command line prints it without a stack
 * trace. Its text names the mistake, the expected value and the command to run next.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** The fix, as a sentence or as a command to run. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * The store refuses a request: missing rights, a full disk. It shows nothing about the content, so
 * that a stage must not record it as a fact about the data.
 */
export class StoreError extends UserError {}

/** Returns whether an error is about what was read, and not about reading it. */
export function isAboutContent(error: unknown): error is UserError {
  return error instanceof UserError && !(error instanceof StoreError);
}

/**
 * The same call may succeed later (throttling, a dropped connection). The workflow retries it, with
 * jitter.
 */
export class TransientError extends Error {
  override readonly name = 'TransientError';
  /** The fix if it lasts, as sentences. Default: the same command again. */
  readonly hint: string | undefined;

  constructor(message: string, { hint, ...options }: ErrorOptions & { hint?: string } = {}) {
    super(message, options);
    this.hint = hint;
  }
}

/** The task was stopped. Its work so far is kept, and the next call resumes. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/**
 * The task was stopped, and a whole call kept nothing: the next one would do the same. The workflow
 * ends the run after a few such calls (`src/run/stalled-call.ts`).
 */
export class StalledError extends Error {
  override readonly name = 'StalledError';
  /** The fix, as sentences. */
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** Returns the fix that an error states, if it does. */
export function hintOf(error: unknown): string | undefined {
  const hint = error instanceof Error && 'hint' in error ? error.hint : undefined;
  return typeof hint === 'string' && hint !== '' ? hint : undefined;
}
