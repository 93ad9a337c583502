import { sum } from '../arrays.ts';
import { createDigester } from '../data/content-digest.ts';
import type { Example } from '../data/example.ts';
import { type ExampleDigests, otherSets } from '../data/example-digests.ts';
import type { Leakage } from '../evaluate/leakage.ts';
import { createEvaluation } from '../evaluate/metrics.ts';
import { type Plan, planDecisions } from '../run/plan-file.ts';
import { recordOf } from '../table.ts';

/** Measures models on the test examples that are in no other set. */
export interface LeakageMeter {
  /** Adds a test example, as `Evaluation.add` does. */
  add(example: Example, decided: ArrayLike<number>, outputsByModel: readonly Float32Array[]): void;
  /** Returns undefined if no test example is in another set. */
  result(): Leakage | undefined;
}

/**
 * Creates a meter.
 *
 * @param models Names of the models.
 * @param tests The test examples, with the other sets that have them.
 */
export function createLeakageMeter(
  models: readonly string[],
  plan: Plan,
  tests: ExampleDigests,
): LeakageMeter {
  // Without a copy, the figures are those of all examples.
  if (tests.copies === 0) return { add: () => {}, result: () => undefined };
  const decisions = planDecisions(plan);
  const without = createEvaluation(models, decisions, plan.config.seed);
  const digest = createDigester(plan.features);
  const sets = recordOf(otherSets, () => 0);
  const examples = { copied: 0, others: 0 };
  // Without any label on the other examples, there is nothing to measure.
  let isMeasurable = !decisions.isMultiLabel;
  return {
    add({ content }, decided, outputsByModel) {
      const found = tests.setsOf(digest(content));
      for (const set of found) sets[set]++;
      if (found.length > 0) {
        examples.copied++;
      } else {
        examples.others++;
        without.add(decided, outputsByModel);
        isMeasurable ||= Array.from(decided).includes(1);
      }
    },
    result() {
      if (examples.copied === 0) return undefined;
      return {
        examples: examples.copied,
        of: sum(Object.values(examples)),
        sets,
        ...(examples.others > 0 && isMeasurable && { without: without.result() }),
      };
    },
  };
}
