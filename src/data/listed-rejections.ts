/** Bounds what is kept about the examples of a shard that cannot be used. */
import type { Rejected } from './example.ts';

/** Maximum number of rejected examples of a shard that are listed; the others are counted. */
export const maxListed = 10_000;

/** Maximum number of reasons that are counted separately. */
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
    const own = kindOfReason(reason);
    const isOther = !this.#counted.has(own) && this.#counted.size >= maxReasons;
    const kind = isOther ? '' : own;
    const known = this.#counted.get(kind);
    const shown = isOther ? `Other reasons: ${reason}` : reason;
    if (known) known.lost += lost;
    else this.#counted.set(kind, { id, reason: shown, lost });
    return false;
  }

  /** Returns the counts: per reason, the first example with it, for all. */
  counts(): Iterable<Rejected> {
    return this.#counted.values();
  }
}

/** Returns a reason without the names and numbers that differ from example to example. */
export function kindOfReason(reason: string): string {
  return reason.replace(/'[^']*'/g, "''").replace(/\S*\d\S*/g, '0');
}
