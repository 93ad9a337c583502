/** Bounds what is kept about the examples of a shard that cannot be used. */
import type { Rejected } from './example.ts';

/** Rejected examples of a shard that are listed; those after them are counted. */
export const maxListed = 10_000;

/** Reasons that are counted each on its own. */
const maxReasons = 100;

/** Chooses the rejected examples of a shard that are listed, and counts the others by reason. */
export class ListedRejections {
  #listed = 0;
  readonly #counted = new Map<string, Rejected & { lost: number }>();

  /** Returns whether the next one is listed; otherwise it is counted. */
  lists({ id, reason, lost = 1 }: Rejected): boolean {
    if (this.#listed < maxListed) {
      this.#listed++;
      return true;
    }
    const like = kindOfReason(reason);
    const kind = this.#counted.has(like) || this.#counted.size < maxReasons ? like : '';
    const known = this.#counted.get(kind);
    if (known) known.lost += lost;
    else this.#counted.set(kind, { id, reason, lost });
    return false;
  }

  /** Returns the counts: the first example with each reason, for all that are like it. */
  counts(): Iterable<Rejected> {
    return this.#counted.values();
  }
}

/** Returns a reason without the names and numbers that differ from example to example. */
export function kindOfReason(reason: string): string {
  return reason.replace(/'[^']*'/g, "''").replace(/\S*\d\S*/g, '0');
}
