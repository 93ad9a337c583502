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
 * The same call may succeed later (throttling, a dropped connection). The workflow retries it, with
 * jitter.
 */
export class TransientError extends Error {
  override readonly name = 'TransientError';
}

/** The task was stopped. Its work so far is kept, and the next call resumes. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
