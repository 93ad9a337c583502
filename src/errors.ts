/**
 * The errors that users and the workflow see. Three kinds, and what each one leads to:
 *
 * - `UserError`: the input or the configuration is wrong. Never retried; printed without a stack
 *   trace as what was wrong, what would be right and what to run next.
 * - `TransientError`: the same call may succeed in a moment (throttling, a dropped connection).
 *   The workflow retries it, with jitter.
 * - `InterruptedError`: the task was asked to stop; what it did so far is kept, and running it
 *   again goes on from there.
 *
 * Bad *data* throws none of them: the example is quarantined (`data/example.ts`, `Rejected`).
 * The names are the ones that `infra/workflow.asl.json` retries and catches by.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** What would be right, or what to run next: one sentence or a command. */
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
