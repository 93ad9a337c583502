/** Damage of objects of the results, and what to do about it. */
import { UserError } from '../errors.ts';
import { removalOf } from './removal.ts';

/** Damage of an object that does not exist, after its name. */
export const missing = 'is missing';

/** Damage that a checksum shows, after the object's name. */
export const changed = 'was changed after it was written: its checksum differs';

/**
 * Returns the error about a damaged object of the results.
 *
 * @param how The damage, after the object's name.
 * @param others Objects to delete as well, so that the workflow writes this one again.
 */
export function damaged(name: string, how: string, others: readonly string[] = []): UserError {
  const commands = [name, ...others].map(removalOf).join(' && ');
  return new UserError(
    `${name} ${how}`,
    `Copy it again; or delete it and run the workflow again, which writes it again: ${commands}`,
  );
}
