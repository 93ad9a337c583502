/** Limits the memory that rejected examples take. */
import type { Rejected } from './example.ts';

/** Maximum number of rejected examples per shard that are listed; further ones are counted. */
export const maxListedPerShard = 10_000;

/** Maximum number of reasons that are counted separately; further ones are counted together. */
const maxReasons = 100;

/** Rejected examples of a shard: the first are listed, and the others are counted by reason. */
export class ListedRejections {
  #listed = 0;
  readonly #counted = new ReasonCounts();

  /** Adds an example. @returns whether it is listed; otherwise it is only counted. */
  add(rejected: Rejected): boolean {
    if (this.#listed < maxListedPerShard) {
      this.#listed++;
      return true;
    }
    this.#counted.add(rejected);
    return false;
  }

  /** Returns the first counted example per reason; `lost` is the number of all with the reason. */
  counted(): Iterable<Rejected> {
    return this.#counted.values();
  }
}

/** Counts rejected examples by reason. */
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

  /** Returns the first example per reason; `lost` is the number of all with the reason. */
  values(): Iterable<Rejected & { readonly lost: number }> {
    return this.#counts.values();
  }
}

/** Returns a reason without the names and numbers that differ from example to example. */
function kindOfReason(reason: string): string {
  return reason.replace(/'[^']*'/g, "''").replace(/\S*\d\S*/g, '0');
}
