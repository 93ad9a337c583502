/** Bounds what is kept about examples that cannot be used. */
import type { Rejected } from './example.ts';

/** Maximum number of rejected examples of a shard that are listed; the others are counted. */
export const maxListed = 10_000;

/** Maximum number of reasons that are counted separately. */
const maxReasons = 100;

/** Chooses the rejected examples of a shard that are listed, and counts the others by reason. */
export class ListedRejections {
  #listed = 0;
  readonly #counted = new ReasonCounts();

  /** Returns whether the next one is listed; otherwise it is counted. */
  lists(rejected: Rejected): boolean {
    if (this.#listed < maxListed) {
      this.#listed++;
      return true;
    }
    this.#counted.add(rejected);
    return false;
  }

  /** Returns the counts: per reason, the first example with it, for all. */
  counts(): Iterable<Rejected> {
    return this.#counted.values();
  }
}

/** Counts rejected examples by reason. After a hundred reasons, all others are one. */
export class ReasonCounts {
  readonly #counts = new Map<string, Rejected & { lost: number }>();

  add({ id, reason, lost = 1 }: Rejected): void {
    const own = kindOfReason(reason);
    const isOther = !this.#counts.has(own) && this.#counts.size >= maxReasons;
    const kind = isOther ? '' : own;
    const known = this.#counts.get(kind);
    const shown = isOther ? `Other reasons: ${reason}` : reason;
    if (known) known.lost += lost;
    else this.#counts.set(kind, { id, reason: shown, lost });
  }

  /** Returns per reason the first example with it, and the number of all, `lost`. */
  values(): Iterable<Rejected & { readonly lost: number }> {
    return this.#counts.values();
  }
}

/** Returns a reason without the names and numbers that differ from example to example. */
function kindOfReason(reason: string): string {
  return reason.replace(/'[^']*'/g, "''").replace(/\S*\d\S*/g, '0');
}
