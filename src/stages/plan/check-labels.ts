import { isRejected, type LabelOnly, type Rejected } from '../../data/example.ts';
import { labelChecker } from '../../data/label-check.ts';
import { readLabelsOnly } from '../../data/read.ts';
import { type SetName, setNames } from '../../data/shard.ts';
import { type Decisions, decidedClasses } from '../../debias/decisions.ts';
import { Quarantine } from '../../distill/quarantine.ts';
import { UserError } from '../../errors.ts';
import { reasonLines } from '../../evaluate/quarantine-reasons.ts';
import type { Context } from '../../run/context.ts';
import type { ShardItem } from '../../run/events.ts';
import { readShard } from '../../run/objects-file.ts';
import { recordOf } from '../../table.ts';
import type { RunToPlan } from './run-to-plan.ts';

/** Checks the labels of all labeled sets of a run, and counts the examples that cannot be used. */
export class LabelCheck {
  readonly #check: ReturnType<typeof labelChecker>;
  readonly #limit: number;
  readonly #classes: number;
  readonly #decisions: Decisions;
  readonly #sets = recordOf(setNames, () => new Quarantine());
  /** Examples per set and class: [classes]. */
  readonly #counts = new Map<SetName, number[]>();
  /** Sets with at least one label: an example of a multi-label task may have none. */
  readonly #withLabels = new Set<SetName>();

  /** @param limit Largest share of unusable examples of a set. */
  constructor(classes: readonly string[], decisions: Decisions, limit: number) {
    this.#classes = classes.length;
    this.#check = labelChecker(classes, decisions);
    this.#decisions = decisions;
    this.#limit = limit;
  }

  /**
   * Returns the decisions of an example's label, or undefined if the example cannot be used.
   * @throws UserError if the label is not a class, or not a list of classes.
   */
  add(item: LabelOnly | Rejected, set: SetName): Int32Array | undefined {
    if (isRejected(item)) {
      this.#sets[set].add(item);
      return undefined;
    }
    this.#sets[set].usable++;
    const decided = this.#check(item, set);
    const own = decidedClasses(decided, this.#decisions);
    if (own.length > 0) this.#withLabels.add(set);
    const counts = this.#counts.get(set) ?? new Array<number>(this.#classes).fill(0);
    this.#counts.set(set, counts);
    for (const index of own) counts[index]!++;
    return decided;
  }

  /** @throws UserError if no example of the set can be used. */
  requireUsable(set: SetName): void {
    const { usable, listed } = this.#sets[set];
    if (usable > 0) return;
    const first = listed.slice(0, 3).map(({ id, reason }) => `\n  ${id}: ${reason}`);
    throw new UserError(
      `the ${set} set has no usable example${first.length > 0 ? `. The first of them:${first.join('')}` : ''}`,
      `Look at the files in ${set}/: every example needs its content and its label, every row its target.`,
    );
  }

  /** @throws UserError if more examples of a set than the limit cannot be used. */
  requireFew(): void {
    for (const set of setNames) this.#sets[set].requireFew(set, this.#limit);
  }

  /** @throws UserError if no example of a set has any label of a multi-label task. */
  requireLabels(): void {
    for (const set of setNames) {
      const { usable } = this.#sets[set];
      if (usable === 0 || this.#withLabels.has(set)) continue;
      throw new UserError(
        `none of the ${usable} examples of the ${set} set has a label`,
        `Put examples with some of the labels into ${set}/: without them, recall and F1 cannot be measured.`,
      );
    }
  }

  /** Returns the examples of each class, by set. */
  classCounts(): Partial<Record<SetName, number[]>> {
    return Object.fromEntries(this.#counts);
  }

  /** Describes the examples that cannot be used, one sentence per set. */
  warnings(): string[] {
    return setNames.flatMap((set) => {
      const { usable, unusable } = this.#sets[set];
      if (unusable === 0) return [];
      const reasons = reasonLines(this.#sets[set].reasons()).join(' ');
      return [
        `${unusable} of ${usable + unusable} examples of the ${set} set cannot be used. ${reasons}`,
      ];
    });
  }
}

/**
 * Reads the labels of the sets that Plan reads for nothing else, before anything is paid for.
 *
 * @param items The shards of these sets.
 * @param labels Receives every label.
 * @throws UserError if a label is not a class, or too many examples have none.
 */
export async function checkOtherLabels(
  { config, data, results, run }: RunToPlan,
  items: readonly ShardItem[],
  labels: LabelCheck,
  context: Context,
): Promise<void> {
  for (const item of items) {
    const shard = await readShard({ results, run }, item);
    for await (const example of readLabelsOnly(data, shard, config)) {
      context.signal.throwIfAborted();
      labels.add(example, item.set);
    }
  }
  labels.requireFew();
  labels.requireLabels();
}
