/** Counts of the examples that cannot be used, and the limit on them. */
import type { Rejected } from '../data/example.ts';
import { ReasonCounts } from '../data/listed-rejections.ts';
import type { SetName } from '../data/shard.ts';
import { UserError } from '../errors.ts';

/** A reason, as the first of its examples states it, and the number of its examples. */
export interface QuarantineReason {
  readonly reason: string;
  readonly examples: number;
}

/** Number of rejected examples kept for messages. */
const maxListed = 10;

/** Counts the usable examples of a set, and those that are not, by reason. */
export class Quarantine<Item extends Rejected = Rejected> {
  usable = 0;
  /** Number of unusable examples, with the rest of damaged files. */
  unusable = 0;
  /** The first unusable examples. */
  readonly listed: Item[] = [];
  readonly #reasons = new ReasonCounts();

  add(rejected: Item): void {
    this.unusable += rejected.lost ?? 1;
    if (this.listed.length < maxListed) this.listed.push(rejected);
    this.#reasons.add(rejected);
  }

  /** Lists the reasons, the most frequent first. */
  reasons(): QuarantineReason[] {
    return [...this.#reasons.values()]
      .map(({ reason, lost }) => ({ reason, examples: lost }))
      .sort((a, b) => b.examples - a.examples);
  }

  /**
   * Checks that few examples are unusable.
   * @param limit Largest share of unusable examples.
   * @throws UserError if there are more.
   */
  requireFew(set: SetName, limit: number): void {
    const all = this.usable + this.unusable;
    if (this.unusable <= limit * all) return;
    const first = this.listed.slice(0, 5).map(({ id, reason }) => `  ${id}: ${reason}`);
    throw new UserError(
      `${this.unusable} of ${all} examples of the ${set} set cannot be used, more than ` +
        `the limit of ${limit * 100}%. The first of them:\n${first.join('\n')}`,
      'Fix or remove them, or raise limits.quarantine in distill.yaml.',
    );
  }
}
