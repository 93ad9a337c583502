/**
 * Errors that users and the workflow see, in three kinds:
 *
 * - `UserError`: the input or the config is wrong. It is never retried. The command line prints it
 *   without a stack trace: what is wrong, what would be right and what to run next.
 * - `TransientError`: the same call may succeed later (throttling, a dropped connection). The
 *   workflow retries it, with jitter.
 * - `InterruptedError`: the task was stopped. Its work so far is kept, and the next call resumes.
 *
 * Bad *data* throws none of them: the example is quarantined (`data/example.ts`, `Rejected`).
 * `infra/workflow.asl.json` retries and catches errors by these names.
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

export class TransientError extends Error {
  override readonly name = 'TransientError';
}

export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
