import { expect } from 'vitest';
import { UserError } from '../../src/errors.ts';

/** Waits for the end of what must be refused. @returns the error, which is for the user. */
export async function refusalOf(attempt: Promise<unknown>): Promise<UserError> {
  const error = await attempt.then(
    () => expect.fail('it was accepted'),
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error;
  throw error;
}
