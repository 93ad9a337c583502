/** Counts of the examples that cannot be used, and the limit on them. */
import type { Rejected } from '../data/example.ts';
import { kindOfReason } from '../data/listed-rejections.ts';
import type { SetName } from '../data/shard.ts';
import { UserError } from '../errors.ts';

/** A reason, as the first example with it states it, and the number of examples with the like. */
export interface QuarantineReason {
  readonly reason: string;
  readonly examples: number;
}

/** Maximum number of distinct reasons. */
const maxReasons = 100;
/** Number of rejected examples kept for messages. */
const maxListed = 10;

/** Counts the usable examples of a set, and those that are not, by reason. */
export class Quarantine<Item extends Rejected = Rejected> {
  usable = 0;
  /** Number of unusable examples, with the rest of damaged files. */
  unusable = 0;
  /** The first unusable examples. */
  readonly listed: Item[] = [];
  readonly #reasons = new Map<string, { reason: string; examples: number }>();

  add(rejected: Item): void {
    const { reason, lost = 1 } = rejected;
    this.unusable += lost;
    if (this.listed.length < maxListed) this.listed.push(rejected);
    const kind = kindOfReason(reason);
    const known = this.#reasons.get(kind);
    if (known) known.examples += lost;
    else if (this.#reasons.size < maxReasons) this.#reasons.set(kind, { reason, examples: lost });
  }

  /** Lists the reasons, the most frequent first. */
  reasons(): QuarantineReason[] {
    return [...this.#reasons.values()].sort((a, b) => b.examples - a.examples);
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
