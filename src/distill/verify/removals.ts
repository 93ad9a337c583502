import { removalOf } from '../../store/removal.ts';
import type { Damage } from './check-keys.ts';

/**
 * Lists the commands that remove damaged objects, and what depends on them.
 * @param location Location of the results.
 */
export function removals(damaged: readonly Damage[], location: string): string[] {
  const all = new Set(damaged.flatMap(({ key, others }) => [key, ...others]));
  return Array.from(all, (key) => removalOf(`${location}/${key}`));
}
