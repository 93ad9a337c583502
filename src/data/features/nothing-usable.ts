import { UserError } from '../../errors.ts';

/** Returns the error for a labeled set without a usable example; `reason` is the first one's. */
export function nothingUsable(reason: string | undefined): UserError {
  const first = reason === undefined ? '' : ` The first: ${reason}`;
  return new UserError(
    `The labeled set has no example that can be used.${first}`,
    'Put examples of the kind of task.type into labeled/.',
  );
}
